/**
 * Compares two Debian versions, `[epoch:]upstream[-revision]`, as Debian Policy 5.6.12 (Version) defines it.
 * @returns negative, zero or positive as `a` is older than, the same as, or newer than `b`
 */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [split(a), split(b)];
  return (
    left.epoch - right.epoch || comparePart(left.upstream, right.upstream) || comparePart(left.revision, right.revision)
  );
}

function split(version: string): { epoch: number; upstream: string; revision: string } {
  const colon = version.indexOf(':');
  const rest = version.slice(colon + 1);
  const dash = rest.lastIndexOf('-');
  return {
    epoch: colon < 0 ? 0 : Number(version.slice(0, colon)),
    upstream: dash < 0 ? rest : rest.slice(0, dash),
    revision: dash < 0 ? '' : rest.slice(dash + 1),
  };
}

/** Alternates between a run of other characters and a run of digits, from the left. */
function comparePart(a: string, b: string): number {
  while (a !== '' || b !== '') {
    const [textA, textB] = [/^[^0-9]*/.exec(a)?.[0] ?? '', /^[^0-9]*/.exec(b)?.[0] ?? ''];
    for (let i = 0; i < Math.max(textA.length, textB.length); i++) {
      const difference = order(textA[i]) - order(textB[i]);
      if (difference !== 0) return difference;
    }
    [a, b] = [a.slice(textA.length), b.slice(textB.length)];
    const [digitsA, digitsB] = [/^[0-9]*/.exec(a)?.[0] ?? '', /^[0-9]*/.exec(b)?.[0] ?? ''];
    const difference = BigInt(`0${digitsA}`) - BigInt(`0${digitsB}`);
    if (difference !== 0n) return difference < 0n ? -1 : 1;
    [a, b] = [a.slice(digitsA.length), b.slice(digitsB.length)];
  }
  return 0;
}

/** A tilde sorts before the end, the end before letters, and letters before all else. */
function order(character: string | undefined): number {
  if (character === '~') return -1;
  if (character === undefined) return 0;
  return /[A-Za-z]/.test(character) ? character.charCodeAt(0) : character.charCodeAt(0) + 256;
}
