/**
 * Many sequences as one program, which loads the registers of each from its block, runs it, and stores them there.
 * The image is what engines and QEMU's user mode run alike, at the same addresses.
 *
 *   0x80000000   code: for each sequence loads, the sequence, stores; then write(1, data) and exit
 *   ...          for each sequence three pages of data:
 *                  block    +0 x0..x30, +0x100 f0..f31, +0x200 fcsr: before;  +0x400: the same, after
 *                  window   two pages that the sequence reads and writes
 */
import { alignUp } from '../../shared/struct.ts';
import { MSTATUS } from '../../isa/mstatus.ts';
import { Assembler, R } from './assembler.ts';
import { RAM_BASE, type Block, type Engine } from './engine.ts';

const PAGE = 4096;
const STRIDE = 3 * PAGE;
const AFTER = 0x400;
const FLOATS = 0x100;
const FCSR = 0x200;
const WORDS = FCSR / 8 + 1;

/** Registers and data before a sequence. */
export interface Input {
  /** x0 to x30; those that the generator reserves are set by the program. */
  readonly x: readonly bigint[];
  readonly f: readonly bigint[];
  readonly fcsr: number;
  /** Words of the window, repeated to fill it. */
  readonly window: readonly bigint[];
}

export interface TestCase {
  readonly words: readonly number[];
  readonly input: Input;
}

export interface Image {
  readonly blocks: readonly Block[];
  /** Where the results are, which the program writes out. */
  readonly data: { readonly address: number; readonly length: number };
  /** WFI. */
  readonly stop: number;
}

export function imageOf(cases: readonly TestCase[]): Image {
  // The code's size does not depend on where the data is, so it is assembled twice.
  const size = assembleAt(cases, RAM_BASE).bytes.length;
  const address = alignUp(RAM_BASE + size, PAGE);
  const length = cases.length * STRIDE;
  const code = assembleAt(cases, address);
  const blocks = [code, { address, bytes: dataOf(cases) }];
  return { blocks, data: { address, length }, stop: RAM_BASE + size - 4 };
}

function assembleAt(cases: readonly TestCase[], data: number): Block {
  const a = new Assembler(RAM_BASE);
  cases.forEach(({ words }, i) => {
    const block = data + i * STRIDE;
    a.la(31, block);
    for (let f = 0; f < 32; f++) a.op('fld', { fd: f, rs1: 31, imm: FLOATS + f * 8 });
    a.op('ld', { rd: 1, rs1: 31, imm: FCSR }).csrw('fcsr', 1);
    for (let x = 1; x < 31; x++) a.op('ld', { rd: x, rs1: 31, imm: x * 8 });
    a.la(3, block + 2 * PAGE);
    for (const x of [2, 8, 9]) a.op('addi', { rd: x, rs1: 3 });
    for (const word of words) a.word(word);
    for (let x = 1; x < 31; x++) a.op('sd', { rs1: 31, rs2: x, imm: AFTER + x * 8 });
    for (let f = 0; f < 32; f++) a.op('fsd', { rs1: 31, fs2: f, imm: AFTER + FLOATS + f * 8 });
    a.csrr(1, 'fcsr').op('sd', { rs1: 31, rs2: 1, imm: AFTER + FCSR });
  });
  // Both are Linux's system calls for QEMU; in an engine the first ECALL traps to the WFI.
  a.li(R.a7, 64)
    .li(R.a0, 1)
    .la(R.a1, data)
    .li(R.a2, cases.length * STRIDE)
    .op('ecall');
  a.li(R.a7, 93).li(R.a0, 0).op('ecall');
  a.align(4).op('wfi');
  return a.finish();
}

function dataOf(cases: readonly TestCase[]): Uint8Array {
  const words = new BigUint64Array((cases.length * STRIDE) / 8);
  cases.forEach(({ input }, i) => {
    const at = (i * STRIDE) / 8;
    input.x.forEach((value, x) => (words[at + x] = value));
    input.f.forEach((value, f) => (words[at + FLOATS / 8 + f] = value));
    words[at + FCSR / 8] = BigInt(input.fcsr);
    const window = at + PAGE / 8;
    for (let w = 0; w < (2 * PAGE) / 8; w++) words[window + w] = input.window[w % input.window.length];
  });
  return new Uint8Array(words.buffer);
}

/** Runs an image in an engine: the data afterwards, or nothing when it did not come to its end. */
export function runImage(engine: Engine, image: Image): Uint8Array | undefined {
  const fields = { mtvec: BigInt(image.stop), mstatus: MSTATUS.FS | (10n << 32n), menvcfg: 0xf0n };
  engine.load({ fields }, image.blocks);
  if (engine.run(200_000 + image.blocks[0].bytes.length * 20) !== 'wfi') return undefined;
  return engine.memory(image.data.address, image.data.length);
}

/** Numbers of the cases whose data differ, and for each what does, by name. */
export function compareData(a: Uint8Array, b: Uint8Array): { index: number; differences: string[] }[] {
  const found: { index: number; differences: string[] }[] = [];
  for (let index = 0; index * STRIDE < a.length; index++) {
    const [x, y] = [a, b].map((data) => Buffer.from(data.slice(index * STRIDE, (index + 1) * STRIDE).buffer));
    if (x.equals(y)) continue;
    const differences: string[] = [];
    for (let at = 0; at < STRIDE; at += 8) {
      const [p, q] = [x, y].map((data) => data.readBigUInt64LE(at));
      if (p !== q) differences.push(`${nameOf(at)}: 0x${p.toString(16)} 0x${q.toString(16)}`);
    }
    found.push({ index, differences });
  }
  return found;
}

function nameOf(at: number): string {
  if (at >= PAGE) return `data ${at - 2 * PAGE < 0 ? '-' : '+'}0x${Math.abs(at - 2 * PAGE).toString(16)}`;
  const word = (at % AFTER) / 8;
  if (word >= WORDS) return `block+${at}`;
  return word < 32 ? `x${word}` : word < 64 ? `f${word - 32}` : 'fcsr';
}
