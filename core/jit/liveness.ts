/**
 * Which guest registers have to be where, at each block of a region:
 *
 *   dirty    a local may be newer than the hart's state: whoever leaves stores these
 *   live     a local must have the register's value: it is read, or stored by who leaves, before it is written
 *
 * Behind a call everything is in the hart's state: nothing is dirty, and what is live is loaded.
 */
import { blockOf, type Flow } from './flow.ts';
import { Ending, isCall, type Region, type RegionBlock } from './region.ts';
import {
  dirtiesFloat,
  isFloat,
  isOtherCsr,
  mayLeave,
  NO_REGISTERS,
  readsOf,
  setOf,
  writtenBy,
  type RegisterSet,
} from './registers.ts';

/** What is known of mstatus.FS, from the least. */
export const FloatState = { UNKNOWN: 0, NOT_OFF: 1, DIRTY: 2 } as const;
export type FloatState = (typeof FloatState)[keyof typeof FloatState];

export interface BlockLiveness {
  /** At the block's beginning. */
  readonly live: RegisterSet;
  readonly dirty: RegisterSet;
  /** What an instruction in the block stores when it leaves. */
  readonly leaving: RegisterSet;
  /** What is stored where the block's end leaves the region, or calls. */
  readonly ending: RegisterSet;
  /** What is known of mstatus.FS at the block's beginning, however it was reached. */
  readonly float: FloatState;
  /** Whether all ways from the block's beginning make mstatus.FS Dirty. Where it is entered, it must be so already. */
  readonly dirties: boolean;
}

/** What one block does to registers, by itself. */
interface Summary {
  /** Read before they are written. */
  readonly reads: RegisterSet;
  readonly writes: RegisterSet;
  readonly mayLeave: boolean;
  readonly writesBeforeFirstLeave: RegisterSet;
  readonly writesBeforeLastLeave: RegisterSet;
  /** What is known of mstatus.FS at its end; and whether it changes it, so that nothing else is. */
  readonly float: FloatState;
  readonly changesFloat: boolean;
  /** Whether it makes mstatus.FS Dirty before anything else may change it. */
  readonly dirties: boolean;
}

function summarize({ instructions, ending }: RegionBlock): Summary {
  let [reads, writes, beforeFirst, beforeLast] = [NO_REGISTERS, NO_REGISTERS, NO_REGISTERS, NO_REGISTERS];
  let [leaves, changesFloat, dirties] = [false, false, false];
  let float: FloatState = FloatState.UNKNOWN;
  const leave = (): void => {
    if (!leaves) beforeFirst = writes;
    beforeLast = writes;
    leaves = true;
  };
  for (const { decoded, whenTaken } of instructions) {
    // What a side of a branch does not write keeps its value.
    const kept = whenTaken === undefined ? NO_REGISTERS : setOf(writtenBy(decoded));
    reads |= (readsOf(decoded) | kept) & ~writes;
    if (isFloat(decoded) && float === FloatState.UNKNOWN) float = FloatState.NOT_OFF;
    if (dirtiesFloat(decoded)) {
      float = FloatState.DIRTY;
      if (!changesFloat) dirties = true;
    }
    if (mayLeave(decoded)) leave();
    writes |= setOf(writtenBy(decoded));
    // It may be left before, for the interpreter, or behind it.
    if (isOtherCsr(decoded)) {
      leave();
      changesFloat = true;
      float = FloatState.UNKNOWN;
    }
  }
  if (ending === Ending.INTERPRET) leave();
  if (ending === Ending.CALL || ending === Ending.CALL_REGISTER) [float, changesFloat] = [FloatState.UNKNOWN, true];
  return {
    ...{ reads, writes, mayLeave: leaves, float, changesFloat, dirties },
    ...{ writesBeforeFirstLeave: beforeFirst, writesBeforeLastLeave: beforeLast },
  };
}

/** What is known of mstatus.FS where both are. */
export const most = (a: FloatState, b: FloatState): FloatState => (a > b ? a : b);

/** `leavesAtEnd`: blocks of which some path out of the region begins at their end. */
export function livenessOf(region: Region, flow: Flow, leavesAtEnd: readonly boolean[]): BlockLiveness[] {
  const { blocks } = region;
  const { order } = flow.tree;
  const summaries = blocks.map(summarize);
  const byOrder = blocks
    .map((_, i) => i)
    .filter((i) => order[i] >= 0)
    .sort((a, b) => order[a] - order[b]);
  const successors = blocks.map((_, i) => flow.successors[i].map((node) => blockOf(flow, node)));
  const entries = new Set(region.entries);

  const dirties = summaries.map((summary) => summary.dirties);
  for (let changed = true; changed;) {
    changed = false;
    for (const i of [...byOrder].reverse()) {
      if (dirties[i] || leavesAtEnd[i] || summaries[i].changesFloat || blocks[i].ending === Ending.INTERPRET) continue;
      if (successors[i].length > 0 && successors[i].every((to) => dirties[to])) changed = dirties[i] = true;
    }
  }

  const dirty = blocks.map(() => NO_REGISTERS);
  const float = blocks.map(({ offset }, i): FloatState =>
    entries.has(offset) && !dirties[i] ? FloatState.UNKNOWN : FloatState.DIRTY,
  );
  for (let changed = true; changed;) {
    changed = false;
    for (const i of byOrder) {
      const out = isCall(blocks[i]) ? NO_REGISTERS : dirty[i] | summaries[i].writes;
      const floatOut = summaries[i].changesFloat ? summaries[i].float : most(summaries[i].float, float[i]);
      for (const to of successors[i]) {
        if ((out & ~dirty[to]) === 0n && floatOut >= float[to]) continue;
        dirty[to] |= out;
        float[to] = floatOut < float[to] ? floatOut : float[to];
        changed = true;
      }
    }
  }

  const leaving = summaries.map((summary, i) =>
    summary.mayLeave ? dirty[i] | summary.writesBeforeLastLeave : NO_REGISTERS,
  );
  const needed = summaries.map((summary, i) => {
    const atLeave = leaving[i] & ~summary.writesBeforeFirstLeave;
    const atEnd = leavesAtEnd[i] || isCall(blocks[i]) ? dirty[i] & ~summary.writes : NO_REGISTERS;
    // A loop's header may be left where it begins.
    return summary.reads | atLeave | atEnd | (isPolled(flow, i) ? dirty[i] : NO_REGISTERS);
  });
  const live = needed.slice();
  for (let changed = true; changed;) {
    changed = false;
    for (const i of [...byOrder].reverse()) {
      if (isCall(blocks[i])) continue;
      let after = NO_REGISTERS;
      for (const to of successors[i]) after |= live[to];
      const before = needed[i] | (after & ~summaries[i].writes);
      if (before === live[i]) continue;
      live[i] = before;
      changed = true;
    }
  }
  return blocks.map((_, i) => ({
    live: live[i],
    dirty: dirty[i],
    leaving: leaving[i],
    ending: dirty[i] | summaries[i].writes,
    float: float[i],
    dirties: dirties[i],
  }));
}

/** Whether attention is looked at before a block. */
export function isPolled(flow: Flow, block: number): boolean {
  return flow.tree.isHeader[flow.dispatches.get(block) ?? block] === true;
}
