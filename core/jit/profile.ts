/**
 * What was known of a region when it was compiled, besides the bytes of its page: what of them was executed, and where
 * jumps to registers led. It says what is worth compiling, and never what code means: whatever stands in a profile, what
 * is compiled by it does what the bytes of the page say.
 */
import { PAGE_SIZE } from '../shared/memory-map.ts';
import type { ReadOptions } from './read-region.ts';

export interface RegionProfile {
  /** Of the region's start in its page, in bytes; so are all that follow. */
  readonly offset: number;
  readonly executed: readonly number[];
  /** Jumps, each with where it led. */
  readonly jumps: readonly (readonly [from: number, to: readonly number[]])[];
}

/** What is asked of a hart, or of a profile, while a region is read. */
export type Seen = Pick<Required<ReadOptions>, 'wasExecuted' | 'jumpTargets'>;

/** Answers as was answered when the profile was recorded. */
export function recall({ executed, jumps }: RegionProfile): Seen {
  const [offsets, targets] = [new Set(executed), new Map(jumps)];
  return { wasExecuted: (offset) => offsets.has(offset), jumpTargets: (offset) => targets.get(offset) ?? [] };
}

/** Notes what `seen` answers. */
export class ProfileRecorder implements Seen {
  readonly #seen: Seen;
  readonly #executed = new Set<number>();
  readonly #jumps = new Map<number, readonly number[]>();

  constructor(seen: Seen) {
    this.#seen = seen;
  }

  readonly wasExecuted = (offset: number): boolean => {
    const was = this.#seen.wasExecuted(offset);
    if (was) this.#executed.add(offset);
    return was;
  };

  readonly jumpTargets = (offset: number): readonly number[] => {
    const targets = this.#seen.jumpTargets(offset).filter(isOffset);
    if (targets.length > 0) this.#jumps.set(offset, targets);
    return targets;
  };

  /** The profile of the region of `offset`, which was read meanwhile. */
  profile(offset: number): RegionProfile {
    return { offset, executed: [...this.#executed], jumps: [...this.#jumps] };
  }
}

const isOffset = (value: unknown): value is number =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) < PAGE_SIZE && (value as number) % 2 === 0;

const areOffsets = (value: unknown): boolean =>
  Array.isArray(value) && value.length <= PAGE_SIZE / 2 && value.every(isOffset);

/** Whether what came out of a store is a profile. */
export function isProfile(value: unknown): value is RegionProfile {
  if (typeof value !== 'object' || value === null) return false;
  const { offset, executed, jumps } = value as Partial<Record<keyof RegionProfile, unknown>>;
  const isJump = (jump: unknown): boolean =>
    Array.isArray(jump) && jump.length === 2 && isOffset(jump[0]) && areOffsets(jump[1]);
  return (
    isOffset(offset) &&
    areOffsets(executed) &&
    Array.isArray(jumps) &&
    jumps.length <= PAGE_SIZE / 2 &&
    jumps.every(isJump)
  );
}
