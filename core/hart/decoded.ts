/**
 * Decoded pages: what the interpreter runs from.
 *
 * A page of guest code has an entry of 16 bytes for each of its 2-byte parcels, decoded when first executed:
 *
 *   0     1     2     4     6     8            12     13    14
 *   op    own   rd    rs1   rs2   immediate    step   rm    rs3
 *   u8    u8    u16   u16   u16   i32          u8     u8    u16
 *
 *   op      an {@link Op}, or FIRST_INSTRUCTION plus the instruction's number
 *   own     the same, but for COMPILED and pairs (see pairs.ts): there it is the op of the instruction itself
 *   rd...   offset of the register within HartState, so that x and f registers are told apart at decode time; as rd,
 *           x0 is the sink. An instruction's 5-bit immediate stands as if it were a register
 *   step    16 times the parcels of the instruction: what leads to the next entry
 *
 * Entry -1 is an instruction that began in the last parcel of another page; entry -2 holds the word it was decoded
 * from, since what stands before a page depends on the mapping. Entry 2048 says that the page ends.
 *
 * Behind the entries, each parcel has a link: where compiled code begins with it, the code's function and entry, else 0.
 * Its entry says COMPILED then.
 */
import { DECODED_BEFORE, DECODED_ENTRY_SIZE, DECODED_LINKS, PAGE_SIZE } from '../shared/memory-map.ts';
import { HartState, X_SINK } from '../shared/hart-state.ts';
import { csrIndex } from '../isa/csr.ts';
import { blankDecoded, decode, isLong, type Decoded, type RegisterFile } from '../isa/decode.ts';
import { instructions } from '../isa/table.ts';
import { FIRST_INSTRUCTION, isPair, pairOf } from './pairs.ts';

export const Op = { BLANK: 0, PAGE_END: 1, STRADDLE: 2, ILLEGAL: 3, COMPILED: 4 } as const;

/** A link: the function's place in the table, and above, which of its entries. */
export const LINK_ENTRY_SHIFT = 20;
export const LINK_FUNCTIONS = 1 << LINK_ENTRY_SHIFT;
export const LINK_ENTRIES = 1 << 12;

export const PARCELS = PAGE_SIZE / 2;
/** From the start of a decoded page to the entry of its first parcel. */
export const FIRST_ENTRY = DECODED_BEFORE * DECODED_ENTRY_SIZE;
/** From the entry of a page's first parcel to its link. */
export const FIRST_LINK = DECODED_LINKS - FIRST_ENTRY;

const isCsrInstruction = instructions.map((instruction) => instruction.operands.includes('csr'));

const registerOffset = (file: RegisterFile, register: number): number =>
  (file === 'x' ? HartState.at.x : HartState.at.f) + register * 8;

/** Writes the entry of a decoded instruction at `at`, a multiple of 16. */
export function writeEntry(view: DataView, at: number, decoded: Decoded): void {
  const { number, rdFile, rd } = decoded;
  const isSink = rdFile === 'x' && rd === 0;
  view.setUint16(at + 2, isSink ? HartState.at.x + X_SINK * 8 : registerOffset(rdFile, rd), true);
  view.setUint16(at + 4, registerOffset(decoded.rs1File, decoded.rs1), true);
  view.setUint16(at + 6, registerOffset(decoded.rs2File, decoded.rs2), true);
  view.setInt32(at + 8, isCsrInstruction[number] ? csrIndex(decoded.imm) : decoded.imm, true);
  view.setUint8(at + 12, decoded.length * 8);
  view.setUint8(at + 13, decoded.rm);
  view.setUint16(at + 14, registerOffset('f', decoded.rs3), true);
  writeOp(view, at, number < 0 ? Op.ILLEGAL : FIRST_INSTRUCTION + number);
}

const MEMO_BITS = 16;

/**
 * Entries by the word that they were decoded from, so that a word is seldom decoded twice: a table of 2^16, in which a
 * compressed word has its own place and others share.
 */
export class EntryMemo {
  readonly #words = new Int32Array(1 << MEMO_BITS);
  readonly #entries = new Int32Array(4 << MEMO_BITS);
  readonly #view = new DataView(this.#entries.buffer);
  readonly #decoded = blankDecoded();

  constructor() {
    this.#fill(0, 0);
  }

  /** Writes the entry of a word (16 bits for a compressed one) at `at`, in words of 32 bits; false behind a jump. */
  write(memory: Int32Array, at: number, word: number): boolean {
    const index = isLong(word) ? Math.imul(word, 0x9e37_79b1) >>> (32 - MEMO_BITS) : word;
    if (this.#words[index] !== (word | 0)) this.#fill(index, word);
    const from = index * 4;
    memory[at + 1] = this.#entries[from + 1];
    memory[at + 2] = this.#entries[from + 2];
    memory[at + 3] = this.#entries[from + 3];
    // Last, since it makes the entry one.
    memory[at] = this.#entries[from];
    return goesOn[this.#entries[from] & 0xff] === 1;
  }

  #fill(index: number, word: number): void {
    this.#words[index] = word;
    writeEntry(this.#view, index * DECODED_ENTRY_SIZE, decode(word, this.#decoded));
  }
}

/** By op: whether the next instruction follows, as far as one can tell. */
const goesOn = Uint8Array.from({ length: 256 }, (_, op) =>
  instructions[op - FIRST_INSTRUCTION]?.kind === 'plain' ? 1 : 0,
);

/** Writes one of the entries that are no instruction. */
export function writeMark(view: DataView, at: number, op: number): void {
  view.setUint8(at + 12, DECODED_ENTRY_SIZE);
  writeOp(view, at, op);
}

/** Both at once, so that another thread sees them together. */
function writeOp(view: DataView, at: number, op: number): void {
  view.setUint16(at, op | (op << 8), true);
}

/** Makes the interpreter enter compiled code at an entry that was decoded, or takes that back. */
export function markCompiled(view: DataView, at: number, isCompiled: boolean): void {
  view.setUint8(at, isCompiled ? Op.COMPILED : view.getUint8(at + 1));
  if (!isCompiled) return;
  // It must not be passed by as the second of a pair.
  for (const step of [DECODED_ENTRY_SIZE, 2 * DECODED_ENTRY_SIZE]) {
    const before = at - step;
    if (view.getUint8(before + 12) === step && isPair(view.getUint8(before))) {
      view.setUint8(before, view.getUint8(before + 1));
    }
  }
}

/** Makes the interpreter execute two entries at once, if they are such a pair; the second stays what it is. */
export function markPair(view: DataView, first: number, second: number): void {
  if (view.getUint8(first) === Op.COMPILED || view.getUint8(second) === Op.COMPILED) return;
  const pair = pairOf(view.getUint8(first + 1), view.getUint8(second + 1));
  if (pair !== 0) view.setUint8(first, pair);
}
