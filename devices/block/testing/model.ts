/**
 * What a disk may read as, sector by sector, under a program of calls and crashes. It needs nothing but what a browser has, too.
 *
 * Calls of one step are made without waiting, and take effect in their order; the next step begins when all are done.
 */

import { BlockError, SECTOR, type BlockBackend } from '../backend.ts';

export type Call =
  | { readonly kind: 'write'; readonly at: number; readonly count: number; readonly value: number }
  | { readonly kind: 'read' | 'discard' | 'zero' | 'unmap'; readonly at: number; readonly count: number }
  | { readonly kind: 'flush' };

export type Step =
  | { readonly kind: 'calls'; readonly calls: readonly Call[] }
  | { readonly kind: 'reopen' }
  | { readonly kind: 'crash'; readonly kept: number }
  | { readonly kind: 'fail'; readonly count: number }
  | { readonly kind: 'manage'; readonly choice: number; readonly operations: number };

/** A disk under test. */
export interface Subject {
  readonly sectors: number;
  /** What the disk reads as at first, a byte for each sector. */
  readonly initial: (sector: number) => number;
  open(): Promise<BlockBackend>;
  /** Loses what may be lost. `kept` is how much of that survives anyway. */
  crash?(kept: number): Promise<void>;
  /** Lets the next transactions fail; 0: none any more. */
  fail?(count: number): void;
  /**
   * Does something to the disk, which is closed, that what it reads as must survive; `choice`: what. It is interrupted after
   * so many accesses to what is stored.
   */
  manage?(choice: number, operations: number): Promise<void>;
  /** Chunks that the store has, for comparison with the usage. */
  stored?(): Promise<number>;
}

/** Runs a program; throws where the disk reads as it must not. */
export async function runProgram(subject: Subject, program: readonly Step[]): Promise<void> {
  const { sectors } = subject;
  const now = Uint8Array.from({ length: sectors }, (_, sector) => subject.initial(sector));
  /** What a sector may be after a crash. */
  let after = Array.from(now, (value) => new Set([value]));
  let disk = await subject.open();

  const observe = async (allowed: (sector: number) => ReadonlySet<number>): Promise<void> => {
    const bytes = new Uint8Array(sectors * SECTOR);
    await disk.read(0, bytes);
    for (let sector = 0; sector < sectors; sector++) {
      const value = bytes[sector * SECTOR];
      if (!allowed(sector).has(value))
        throw new Error(`sector ${sector} reads as ${value}, not ${[...allowed(sector)].join('/')}`);
      now[sector] = value;
    }
  };

  for (const step of program) {
    if (step.kind === 'calls') {
      const before = now.slice();
      const written = Array.from({ length: sectors }, () => new Set<number>());
      const outcomes = step.calls.map((call) => make(disk, call, now, written));
      const settled = await Promise.all(outcomes);
      const flushed = step.calls.some((call, i) => call.kind === 'flush' && settled[i] === true);
      after = after.map((set, sector) => new Set([...(flushed ? [before[sector]] : set), ...written[sector]]));
      // A call that failed may have done anything to its range.
      const unknown = (sector: number): ReadonlySet<number> =>
        new Set([before[sector], now[sector], ...written[sector]]);
      if (settled.includes(false)) await observe(unknown);
      else for (const outcome of settled) if (outcome !== true) throw new Error(String(outcome));
    } else if (step.kind === 'fail') {
      subject.fail?.(step.count);
    } else if (step.kind === 'crash' && subject.crash) {
      await subject.crash(step.kept);
      disk = await subject.open();
      await observe((sector) => after[sector]);
      after = Array.from(now, (value) => new Set([value]));
    } else if ((step.kind === 'reopen' && subject.crash) || (step.kind === 'manage' && subject.manage)) {
      const closed = await disk.close().then(
        () => true,
        () => false,
      );
      if (step.kind === 'manage') await subject.manage?.(step.choice, step.operations);
      disk = await subject.open();
      // What was seen after a failed close need not be safe.
      if (!closed) await observe((sector) => after[sector]);
      else {
        await observe((sector) => new Set([now[sector]]));
        after = Array.from(now, (value) => new Set([value]));
      }
    }
  }
  await observe((sector) => new Set([now[sector]]));
  subject.fail?.(0);
  // The first flush may have to report what failed before.
  await disk.flush().catch(() => disk.flush());
  if (subject.stored) same(disk.usage().allocatedChunks, await subject.stored());
  await disk.discard(0, sectors * SECTOR);
  await disk.flush();
  same(disk.usage().allocatedChunks, 0);
  if (subject.stored) same(await subject.stored(), 0);
  await observe(() => new Set([0]));
  await disk.close();
}

function same(chunks: number, expected: number): void {
  if (chunks !== expected) throw new Error(`${chunks} chunks are allocated, not ${expected}`);
}

/** Whether the disk took the call, or what it read that it should not have. */
type Outcome = boolean | string;

/** Makes one call, and checks what it must read if all calls before it are taken. */
async function make(disk: BlockBackend, call: Call, now: Uint8Array, written: Set<number>[]): Promise<Outcome> {
  try {
    if (call.kind === 'flush') {
      await disk.flush();
      return true;
    }
    const { at, count } = call;
    const offset = at * SECTOR;
    const length = count * SECTOR;
    if (call.kind === 'read') {
      const expected = now.slice(at, at + count);
      const target = new Uint8Array(length);
      await disk.read(offset, target);
      for (let i = 0; i < length; i++) {
        if (target[i] === expected[i >> 9]) continue;
        return `sector ${at + (i >> 9)} reads as ${target[i]}, not ${expected[i >> 9]}`;
      }
      return true;
    }
    const value = call.kind === 'write' ? call.value : 0;
    now.fill(value, at, at + count);
    for (let sector = at; sector < at + count; sector++) written[sector].add(value);
    if (call.kind === 'write') await disk.write(offset, new Uint8Array(length).fill(value));
    else if (call.kind === 'discard') await disk.discard(offset, length);
    else await disk.writeZeroes(offset, length, call.kind === 'unmap');
    return true;
  } catch (error) {
    if (error instanceof BlockError) return false;
    throw error;
  }
}
