/** The candidate that a mistyped word was most likely meant to be, if any is near. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const ranked = candidates
    .map((candidate) => ({ candidate, distance: distance(word, candidate) }))
    .sort((a, b) => a.distance - b.distance);
  const [best] = ranked;
  const isNear = best !== undefined && best.distance <= Math.max(1, Math.floor(word.length / 3));
  // What a person begins to type is near, however much is missing.
  const longer = candidates.filter((candidate) => word.length >= 2 && candidate.startsWith(word));
  return isNear ? best.candidate : longer.length === 1 ? longer[0] : undefined;
}

/** Insertions, deletions, replacements and swaps of neighbours that lead from one word to the other. */
export function distance(from: string, to: string): number {
  let twoBefore: number[] = [];
  let before = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = before[j - 1] + Number(from[i - 1] !== to[j - 1]);
      row[j] = Math.min(replaced, before[j] + 1, row[j - 1] + 1);
      const isSwap = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      if (isSwap) row[j] = Math.min(row[j], twoBefore[j - 2] + 1);
    }
    [twoBefore, before] = [before, row];
  }
  return before[to.length];
}
