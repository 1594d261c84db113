/**
 * Loops that run in strips (strip mining): as many iterations as the pages last that the loop steps through. A strip looks
 * into the TLBs and at attention once, before it begins; its iterations are a copy of the loop without these looks.
 *
 *   loop:                          attention is looked at
 *     if the strip can begin       n iterations stay within the pages, which the TLBs know
 *       strip:                     a copy of the loop, which steps through them
 *         ...
 *         repeat strip             while fewer than n are done
 *       repeat loop
 *     ...                          the loop as it is: for an iteration that crosses pages, or faults
 *     repeat loop
 *
 * Looked for is only what the first iteration accesses in any case, in the order of the program, with nothing before it
 * that may leave: so accessed and dirty bits are set for what is accessed, and for nothing else.
 */
import type { DataTlb } from '../hart/tlb.ts';
import { instructionNumber } from '../isa/table.ts';
import { accessOf } from './access-groups.ts';
import { blockOf, type Flow } from './flow.ts';
import { countRetired, Ending, type Region, type RegionBlock, type RegionInstruction } from './region.ts';
import { isCsr, isFloat, mayLeave, writtenBy } from './registers.ts';

/** What one register steps through. Bytes are counted from where the register points when an iteration begins. */
export interface StripLook {
  readonly tlb: DataTlb;
  readonly register: number;
  /** The first byte that an iteration accesses, and behind the last. */
  readonly from: number;
  readonly to: number;
  /** Bytes from one iteration to the next, or the register that says how many. */
  readonly step: number | { readonly register: number };
  /** The least offset of an access from the register as it is then, or 0. */
  readonly lowest: number;
}

export interface Strip {
  /** The block at which the loop begins, and all its blocks. */
  readonly header: number;
  readonly blocks: readonly number[];
  /** Instructions that an iteration executes, at least. */
  readonly length: number;
  /** In the order in which their accesses are executed. */
  readonly looks: readonly StripLook[];
  readonly hasFloat: boolean;
  readonly count: StripCount | undefined;
}

/** A loop that goes on until a register has stepped to where another points tells how many iterations are left. */
export interface StripCount {
  readonly register: number;
  /** In bytes, as {@link StripLook}. */
  readonly step: number;
  readonly end: number;
}

/** Instructions of a loop that is worth a copy, at most: with something to look for, and without. */
const LENGTH_LIMIT = 64;
const BARE_LIMIT = 16;
/** Bytes that an iteration may span and step, at most: what leaves little of a page for the next iterations. */
const SPAN_LIMIT = 1024;

const [ADDI, ADD] = ['addi', 'add'].map(instructionNumber);
const isPlain = (ending: Ending): boolean =>
  ending === Ending.NEXT || ending === Ending.BRANCH || ending === Ending.JUMP;

/** The loops of a region that run in strips. */
export function findStrips(region: Region, flow: Flow): Strip[] {
  const inside = new Map<number, number[]>();
  flow.loops.forEach(([header], block) => {
    if (header !== undefined) inside.set(header, [...(inside.get(header) ?? []), block]);
  });
  const outer = new Set(flow.loops.flatMap((headers) => headers.slice(1)));
  return [...inside].flatMap(([header, blocks]) => {
    const strip = outer.has(header) ? undefined : stripOf(region, flow, header, blocks);
    return strip ? [strip] : [];
  });
}

function stripOf({ blocks }: Region, flow: Flow, header: number, inside: readonly number[]): Strip | undefined {
  const loop = inside.map((block) => blocks[block]);
  const all = loop.flatMap((block) => block.instructions);
  if (all.length > LENGTH_LIMIT || !loop.every(({ ending }) => isPlain(ending))) return undefined;
  if (all.some(({ decoded }) => isCsr(decoded))) return undefined;
  const looks = looksOf(blocks[header], loop);
  if (looks.length === 0 && (all.length > BARE_LIMIT || all.some(({ decoded }) => accessOf(decoded)))) return undefined;
  return {
    header,
    blocks: inside,
    length: leastLength(blocks, flow, header, new Set(inside)),
    looks,
    hasFloat: all.some(({ decoded }) => isFloat(decoded)),
    count: loop.length === 1 ? countOf(loop[0]) : undefined,
  };
}

/** What can be looked for before an iteration. */
function looksOf(header: RegionBlock, loop: readonly RegionBlock[]): StripLook[] {
  const looks = new Map<string, StripLook | undefined>();
  for (const { decoded } of header.instructions) {
    const access = accessOf(decoded);
    if (!access) {
      if (mayLeave(decoded) && !isFloat(decoded)) break;
      continue;
    }
    const key = `${access.tlb} ${decoded.rs1}`;
    if (!looks.has(key)) looks.set(key, lookOf(access.tlb, decoded.rs1, header, loop));
    if (!looks.get(key)) break;
  }
  return [...looks.values()].filter((look) => look !== undefined);
}

function lookOf(
  tlb: DataTlb,
  register: number,
  header: RegionBlock,
  loop: readonly RegionBlock[],
): StripLook | undefined {
  const all = loop.flatMap(({ instructions: inside }) => inside);
  const step = stepOf(register, all);
  if (step === undefined) return undefined;
  let [from, to, lowest] = [Infinity, -Infinity, 0];
  for (const block of loop) {
    // Where the register has been moved to: known in the block that every iteration begins with.
    let moved: readonly number[] = block === header ? [0] : [0, constant(step)];
    for (const { decoded } of block.instructions) {
      const access = accessOf(decoded);
      if (access?.tlb === tlb && decoded.rs1 === register) {
        if (typeof step === 'object' && moved[0] !== 0) return undefined;
        from = Math.min(from, ...moved.map((bytes) => bytes + decoded.imm));
        to = Math.max(to, ...moved.map((bytes) => bytes + decoded.imm + access.width));
        lowest = Math.min(lowest, decoded.imm);
      }
      if (register !== 0 && writtenBy(decoded) === register) moved = moved.map((bytes) => bytes + constant(step));
    }
  }
  return to - from + Math.abs(constant(step)) > SPAN_LIMIT ? undefined : { tlb, register, from, to, step, lowest };
}

/** What the branch of a loop of one block counts, if it does. */
function countOf({ instructions: inside }: RegionBlock): StripCount | undefined {
  const { rs1, rs2 } = inside[inside.length - 1].decoded;
  const [first, second] = [rs1, rs2].map((register) => stepOf(register, inside));
  if (typeof first === 'number' && first !== 0 && second === 0) return { register: rs1, step: first, end: rs2 };
  if (typeof second === 'number' && second !== 0 && first === 0) return { register: rs2, step: second, end: rs1 };
  return undefined;
}

/** Bytes of a step, of which a register's count as one. */
const constant = (step: StripLook['step']): number => (typeof step === 'number' ? step : 1);

/** By how much each iteration moves a register; `undefined` when that is not always the same. */
function stepOf(register: number, loop: readonly RegionInstruction[]): StripLook['step'] | undefined {
  const writers = loop.filter(({ decoded }) => register !== 0 && writtenBy(decoded) === register);
  if (writers.length === 0) return 0;
  if (writers.length > 1) return undefined;
  const [{ decoded, whenTaken }] = writers;
  if (whenTaken !== undefined || decoded.rs1 !== register) return undefined;
  if (decoded.number === ADDI) return decoded.imm;
  if (decoded.number !== ADD || decoded.rs2 === register || decoded.rs2 === 0) return undefined;
  return loop.some((other) => writtenBy(other.decoded) === decoded.rs2) ? undefined : { register: decoded.rs2 };
}

/** Instructions on the shortest way through a loop. */
function leastLength(blocks: readonly RegionBlock[], flow: Flow, header: number, inside: ReadonlySet<number>): number {
  const known = new Map<number, number>();
  const from = (block: number): number => {
    const found = known.get(block);
    if (found !== undefined) return found;
    const next = flow.successors[block]
      .map((node) => blockOf(flow, node))
      .filter((to) => inside.has(to))
      .map((to) => (to === header ? 0 : from(to)));
    const [always, taken, not] = countRetired(blocks[block].instructions);
    const length = always + Math.min(taken, not) + Math.min(...next);
    known.set(block, length);
    return length;
  };
  return from(header);
}
