/**
 * Prints the speed of hot loops, interpreted and by compiled blocks, and what compiling costs for a guest instruction:
 * `npx tsx core/jit/testing/timing.ts`. The runner dispatches each block in TypeScript, which short blocks show.
 */
import { assemble, program } from '../../isa/assemble.ts';
import { seededRandom } from '../../hart/float/testing/operands.ts';
import { bareHart, type BareHart } from '../../hart/testing/bare-hart.ts';
import { defineFloat } from '../../hart/float/index.ts';
import { ModuleBuilder } from '../../wasm/module.ts';
import { BlockModule, placeOf, sharedPlace, type Place } from '../emit-block.ts';
import { ALL_PASSES, NO_PASSES, type Passes } from '../passes.ts';
import { FloatMode, readBlock, type Block } from '../read-block.ts';
import { CompiledHart, type CompilerOptions } from './compiled-hart.ts';
import { randomProgram } from './random-program.ts';

const BASE = 0x8000_0000;
const [T0, T1, T2, A0, A1] = [5, 6, 7, 10, 11];

const integer = [
  assemble('add', { rd: T0, rs1: T0, rs2: T1 }),
  assemble('xor', { rd: T1, rs1: T1, rs2: T0 }),
  assemble('slli', { rd: T2, rs1: T0, imm: 7 }),
  assemble('sub', { rd: T1, rs1: T2, rs2: T1 }),
  assemble('srli', { rd: T2, rs1: T1, imm: 3 }),
  assemble('or', { rd: T0, rs1: T0, rs2: T2 }),
];
const memory = [
  assemble('ld', { rd: T0, rs1: A1 }),
  assemble('addi', { rd: T0, rs1: T0, imm: 3 }),
  assemble('sd', { rs1: A1, rs2: T0 }),
  assemble('lw', { rd: T1, rs1: A1, imm: 8 }),
  assemble('add', { rd: T2, rs1: T1, rs2: T0 }),
  assemble('sw', { rs1: A1, rs2: T2, imm: 12 }),
];
const float = [
  assemble('fadd.d', { fd: 1, fs1: 1, fs2: 2 }),
  assemble('fmul.d', { fd: 1, fs1: 1, fs2: 3 }),
  assemble('fmadd.d', { fd: 4, fs1: 1, fs2: 3, fs3: 4 }),
];

/** A loop of about `count` instructions, for ever. */
function loopOf(body: readonly number[], count: number): number[] {
  const words = Array.from({ length: count - 2 }, (_, i) => body[i % body.length]);
  return [
    ...words,
    assemble('addi', { rd: A0, rs1: A0, imm: -1 }),
    assemble('bne', { rs1: A0, imm: -4 * (count - 1) }),
  ];
}

function hartWith(words: readonly number[]): BareHart {
  const bare = bareHart();
  bare.ram.write(BASE, program(words));
  const { view } = bare.hart;
  view.mstatus |= 3n << 13n;
  view.x[A1] = BigInt(BASE + 0x1_0000);
  view.f.set([0x3ff0_0000_0000_0000n, 0x3ff1_9999_9999_9999n, 0x3ff0_0000_0001_0000n], 1);
  return bare;
}

/** Milliseconds of processor time that this process has used. */
const processorTime = (): number => process.cpuUsage().user / 1000;

/** M guest instructions for a second of processor time, in the best of some runs. */
function rate(bare: BareHart, run: (budget: number) => number): string {
  const times = Array.from({ length: 6 }, () => {
    const before = bare.hart.view.instret;
    const started = processorTime();
    for (let i = 0; i < 20; i++) run(1_000_000);
    return Number(bare.hart.view.instret - before) / 1000 / (processorTime() - started);
  });
  return Math.max(...times)
    .toFixed(0)
    .padStart(6);
}

function speed(name: string, words: readonly number[]): void {
  const interpreted = hartWith(words);
  const columns = [`interpreter ${rate(interpreted, (budget) => interpreted.hart.run(budget))}`];
  const variants: Record<string, CompilerOptions> = {
    blocks: {},
    base: { takesBase: true },
    plain: { passes: NO_PASSES },
  };
  for (const [variant, options] of Object.entries(variants)) {
    const bare = hartWith(words);
    const runner = new CompiledHart(bare, options);
    columns.push(`${variant} ${rate(bare, (budget) => runner.run(budget))}`);
  }
  console.log(`${name.padEnd(22)} M/s: ${columns.join('  ')}`);
}

function randomBlocks(count: number): Block[] {
  const random = seededRandom(5);
  const blocks: Block[] = [];
  while (blocks.length < count) {
    const page = new Uint8Array(4096);
    page.set(program(randomProgram(random, 400)).subarray(0, 4096));
    for (let at = 0; at < 1500 && blocks.length < count;) {
      const block = readBlock(new DataView(page.buffer), 0, at, FloatMode.DIRTY);
      if (!block) break;
      blocks.push(block);
      at = block.end;
    }
  }
  return blocks;
}

interface Spent {
  generate: number;
  encode: number;
  compile: number;
  instantiate: number;
}

/** Milliseconds for all blocks, and bytes. `round` goes into names: the engine finds the same bytes compiled before. */
function compileAll(place: Place, passes: Passes, perModule: number, round: string): { spent: Spent; bytes: number } {
  const spent: Spent = { generate: 0, encode: 0, compile: 0, instantiate: 0 };
  let bytes = 0;
  const timed = <T>(part: keyof Spent, work: () => T): T => {
    const started = performance.now();
    const result = work();
    spent[part] += performance.now() - started;
    return result;
  };
  for (let i = 0; i < blocks.length; i += perModule) {
    const module = timed('generate', () => {
      const builder = new BlockModule(map, place, passes);
      blocks.slice(i, i + perModule).forEach((block, n) => builder.add(`${n}:${round}`, block));
      return builder;
    });
    const code = timed('encode', () => module.encode());
    bytes += code.length;
    const compiled = timed('compile', () => new WebAssembly.Module(code));
    timed('instantiate', () => new WebAssembly.Instance(compiled, { env }));
  }
  return { spent, bytes };
}

function cost(name: string, place: Place, passes: Passes, perModule: number): void {
  const rounds = Array.from({ length: 6 }, (_, i) => compileAll(place, passes, perModule, `${name}${i}`));
  const each = (['generate', 'encode', 'compile', 'instantiate'] as const).map((part) => {
    const least = Math.min(...rounds.map(({ spent }) => spent[part]));
    return `${part} ${((least * 1000) / total).toFixed(1)}`;
  });
  console.log(`${name.padEnd(22)} us: ${each.join('  ')}  bytes ${(rounds[0].bytes / total).toFixed(0)}`);
}

speed('integer, 8 in a block', loopOf(integer, 8));
speed('integer, 62 in a block', loopOf(integer, 62));
speed('memory, 8 in a block', loopOf(memory, 8));
speed('memory, 62 in a block', loopOf(memory, 62));
speed('float, 62 in a block', loopOf(float, 62));

const bare = bareHart();
const { map } = bare;
const env = { memory: bare.memory, ...bare.hart.routines };
const own = placeOf(map, 0);
const blocks = randomBlocks(1000);
const total = blocks.reduce((sum, block) => sum + block.instructions.length, 0);
console.log(`For each of ${total} guest instructions in ${blocks.length} random blocks:`);
for (const perModule of [1, 10, 100]) cost(`${perModule} in a module`, own, ALL_PASSES, perModule);
cost('100, with a base', sharedPlace(map), ALL_PASSES, 100);
cost('100, no passes', own, NO_PASSES, 100);
for (const pass of Object.keys(ALL_PASSES)) cost(`100, no ${pass}`, own, { ...ALL_PASSES, [pass]: false }, 100);
const floats = new ModuleBuilder(1);
defineFloat(floats, 0);
console.log(`The floating-point routines are ${floats.encode().length} bytes.`);
