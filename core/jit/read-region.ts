/**
 * Finds the blocks of a region: what is reached from one instruction by branches within its page, across calls, and
 * behind instructions that are the interpreter's. What was never executed is left out: it will be a way out.
 */
import { csrs } from '../isa/csr.ts';
import { decode, isLong, type Decoded } from '../isa/decode.ts';
import { instructionNumber, instructions } from '../isa/table.ts';
import { PAGE_SIZE } from '../shared/memory-map.ts';
import { enterCalls, isReturn } from './enter-calls.ts';
import { Ending, goesTo, isCall, isLink, type Region, type RegionBlock, type RegionInstruction } from './region.ts';
import { isCsr } from './registers.ts';

export interface ReadOptions {
  /** Instructions in a region, at most. */
  readonly limit?: number;
  /** Instructions in a block, at most 127. */
  readonly blockLimit?: number;
  /** Whether the instruction at an offset was ever executed. Default: all were. */
  readonly wasExecuted?: (offset: number) => boolean;
  /** Whether what is called within the page is part of the region. Default: it is. See enter-calls.ts. */
  readonly calls?: boolean;
  /** Where the jump to a register at an offset was seen to lead within the page. Default: nowhere. */
  readonly jumpTargets?: (offset: number) => readonly number[];
}

const REGION_LIMIT = 400;
const BLOCK_LIMIT = 100;
/** Instructions of what is called and becomes part of a region, at most, up to where it returns first. */
const CALLEE_LIMIT = 32;
/** Entries of a region, at most. */
const ENTRY_LIMIT = 48;

const [JAL, JALR] = ['jal', 'jalr'].map(instructionNumber);

function endingOf({ number, rd }: Decoded): Ending {
  if (number === JAL) return isLink(rd) ? Ending.CALL : Ending.JUMP;
  if (number === JALR) return isLink(rd) ? Ending.CALL_REGISTER : Ending.JUMP_REGISTER;
  return Ending.BRANCH;
}

/**
 * CSRs that are accessed in regions: those of the supervisor's traps and of floating point, and the clock. What counts
 * instructions is not among them, nor what changes translations or the machine's own mode.
 */
const COMPILED_CSRS = new Set(
  [
    ...['fflags', 'frm', 'fcsr', 'time', 'stimecmp'],
    ...['sstatus', 'sie', 'sip', 'stvec', 'sscratch', 'sepc', 'scause', 'stval'],
  ].map((name) => csrs.find((csr) => csr.name === name)?.number),
);

function isCompiled({ instruction, decoded }: RegionInstruction): boolean {
  if (instruction.kind !== 'system') return true;
  return isCsr(decoded) && COMPILED_CSRS.has(decoded.imm);
}

/**
 * Reads the region of the instruction `start` bytes into the page at `page` of `memory`; `undefined` when that is the
 * interpreter's.
 */
export function readRegion(
  memory: DataView,
  page: number,
  start: number,
  options: ReadOptions = {},
): Region | undefined {
  return new Reader(memory, page, options).read(start);
}

class Reader {
  readonly #memory: DataView;
  readonly #page: number;
  readonly #options: Required<ReadOptions>;
  readonly #found = new Map<number, RegionInstruction>();
  /** Offsets of which some block begins. */
  readonly #leaders = new Set<number>();
  readonly #waiting: number[] = [];

  constructor(memory: DataView, page: number, options: ReadOptions) {
    this.#memory = memory;
    this.#page = page;
    this.#options = {
      limit: REGION_LIMIT,
      blockLimit: BLOCK_LIMIT,
      wasExecuted: () => true,
      jumpTargets: () => [],
      calls: true,
      ...options,
    };
  }

  read(start: number): Region | undefined {
    this.#leaders.add(start);
    this.#waiting.push(start);
    for (let at = this.#waiting.shift(); at !== undefined; at = this.#waiting.shift()) this.#walk(at);
    const read = [...this.#leaders]
      .filter((offset) => this.#found.has(offset))
      .sort((a, b) => a - b)
      .map((offset) => this.#block(offset));
    if (!this.#found.has(start)) return undefined;
    const blocks = this.#options.calls ? enterCalls(read) : read;
    return { blocks, entries: entriesOf(blocks, start) };
  }

  /** Decodes from `offset` on to the end of the straight line, or to what is known. */
  #walk(offset: number): void {
    for (let at = offset; !this.#found.has(at);) {
      if (this.#found.size >= this.#options.limit) return;
      const here = this.#decode(at);
      if (here === undefined) return;
      const next = at + here.decoded.length;
      if (!isCompiled(here)) {
        this.#lead(next);
        return;
      }
      this.#found.set(at, here);
      if (here.instruction.kind === 'jump') {
        const end = this.#endOf(here);
        for (const to of goesTo({ ...end, offset })) this.#lead(to);
        if (this.#options.calls && end.ending === Ending.CALL && this.#isShort(end.target)) this.#lead(end.target);
        return;
      }
      at = next;
    }
  }

  #lead(offset: number): void {
    if (offset < 0 || offset >= PAGE_SIZE || this.#leaders.has(offset) || !this.#options.wasExecuted(offset)) return;
    this.#leaders.add(offset);
    this.#waiting.push(offset);
  }

  #endOf({ decoded, offset }: RegionInstruction): Omit<RegionBlock, 'offset' | 'instructions'> {
    const ending = endingOf(decoded);
    const targets = ending === Ending.JUMP_REGISTER ? this.#options.jumpTargets(offset) : [];
    return { end: offset + decoded.length, ending, target: offset + decoded.imm, targets };
  }

  #block(offset: number): RegionBlock {
    const inside: RegionInstruction[] = [];
    for (let at = offset; ;) {
      const here = this.#found.get(at);
      const isOther = at !== offset && this.#leaders.has(at);
      if (here === undefined || isOther || inside.length === this.#options.blockLimit) {
        // Whatever is not in the region is left; only what cannot be compiled must be interpreted at once.
        const ending = here === undefined && this.#isInterpreters(at) ? Ending.INTERPRET : Ending.NEXT;
        return { offset, instructions: inside, end: at, ending, target: at, targets: [] };
      }
      inside.push(here);
      if (here.instruction.kind === 'jump') return { offset, instructions: inside, ...this.#endOf(here) };
      at += here.decoded.length;
    }
  }

  /** Whether what is called there returns so soon that it becomes part of each region that calls it. */
  #isShort(target: number): boolean {
    for (let at = target, count = 0; count < CALLEE_LIMIT; count++) {
      const here = at < 0 ? undefined : this.#decode(at);
      if (here === undefined) return false;
      if (isReturn(here)) return true;
      at += here.decoded.length;
    }
    return false;
  }

  #isInterpreters(offset: number): boolean {
    if (offset >= PAGE_SIZE) return false;
    const here = this.#decode(offset);
    return here === undefined || !isCompiled(here);
  }

  /** The instruction at an offset; `undefined` for one that is none, or that goes beyond the page. */
  #decode(offset: number): RegionInstruction | undefined {
    if (offset >= PAGE_SIZE) return undefined;
    const low = this.#memory.getUint16(this.#page + offset, true);
    if (isLong(low) && offset === PAGE_SIZE - 2) return undefined;
    const decoded = decode(isLong(low) ? this.#memory.getUint32(this.#page + offset, true) : low);
    const instruction = instructions[decoded.number];
    return instruction && { decoded, instruction, offset };
  }
}

/** The start; where calls return to; and what the interpreter counts: where loops begin, and jumps to registers lead. */
function entriesOf(blocks: readonly RegionBlock[], start: number): number[] {
  const known = new Set(blocks.map(({ offset }) => offset));
  const entries = new Set([start]);
  const reached = new Set<number>();
  for (const block of blocks) {
    for (const to of goesTo(block)) {
      if (!known.has(to)) continue;
      reached.add(to);
      const isJumped = block.ending === Ending.JUMP_REGISTER;
      if (isCall(block) || isJumped || to <= block.offset) entries.add(to);
    }
    // Who called may have to be found again by a return from elsewhere.
    if (block.ending === Ending.ENTER && known.has(block.end)) entries.add(block.end);
  }
  // Behind what the interpreter does.
  for (const { offset } of blocks) if (!reached.has(offset)) entries.add(offset);
  return [...entries].slice(0, ENTRY_LIMIT);
}
