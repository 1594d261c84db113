import { expect, test } from 'vitest';
import { assemble } from '../isa/assemble.ts';
import { instructions, rows } from '../isa/table.ts';
import { createMemory, layOut } from '../shared/memory-map.ts';
import { BlockModule, placeOf } from './emit-block.ts';
import { FloatMode } from './read-block.ts';
import { blockOf } from './testing/block-text.ts';

const addi = assemble('addi', { rd: 5, rs1: 5, imm: 1 });
const cAddi = assemble('c.addi', { rd: 5, imm: 1 });
const fadd = assemble('fadd.d', { fd: 0, fs1: 1, fs2: 2 });

const shape = (block: ReturnType<typeof blockOf>): unknown =>
  block && { count: block.instructions.length, end: block.end, dependsOnMode: block.dependsOnMode };

test('a block ends behind a jump, and before a system instruction or a word that is none', () => {
  expect(shape(blockOf([addi, assemble('beq'), addi]))).toEqual({ count: 2, end: 8, dependsOnMode: false });
  expect(shape(blockOf([addi, cAddi, assemble('ecall')]))).toEqual({ count: 2, end: 6, dependsOnMode: false });
  expect(shape(blockOf([addi, 0]))).toEqual({ count: 1, end: 4, dependsOnMode: false });
  expect(blockOf([assemble('fence.i'), addi])).toBeUndefined();
  expect(blockOf([0])).toBeUndefined();
});

test('a block ends with its page, and before an instruction that goes beyond', () => {
  expect(shape(blockOf([addi, addi], 4092))).toEqual({ count: 1, end: 4096, dependsOnMode: false });
  expect(shape(blockOf([cAddi, addi], 4092))).toEqual({ count: 1, end: 4094, dependsOnMode: false });
  expect(blockOf([addi], 4094)).toBeUndefined();
});

test('a block has at most so many instructions', () => {
  expect(shape(blockOf([addi, addi, addi], 0, FloatMode.DIRTY, 2))).toEqual({ count: 2, end: 8, dependsOnMode: false });
});

test('floating point depends on the mode, and is left out where mstatus.FS is Off', () => {
  expect(shape(blockOf([addi, fadd, addi, 0]))).toEqual({ count: 3, end: 12, dependsOnMode: true });
  expect(shape(blockOf([addi, fadd, addi, 0], 0, FloatMode.OFF))).toMatchObject({ count: 1, end: 4 });
});

test('every instruction but those of the system compiles', () => {
  const map = layOut({ harts: 1, ramBytes: 2 << 20 });
  const memory = createMemory(map);
  const compiled = rows.filter(({ number }) => instructions[number].kind !== 'system');
  for (const { encoding, mnemonic } of compiled) {
    // All fields are 1, since some may not be 0.
    const word = encoding.fields.reduce(
      (bits, field) => bits | (1 << Math.min(...field.pieces.map((piece) => piece.from))),
      encoding.match,
    );
    const block = blockOf([word >>> 0, 0]);
    expect(block?.instructions.length, mnemonic).toBe(1);
    if (!block) continue;
    const module = new BlockModule(map, placeOf(map, 0));
    module.add('block', block);
    const code = new WebAssembly.Module(module.encode());
    const imports = WebAssembly.Module.imports(code).filter(({ kind }) => kind === 'function');
    const env = Object.fromEntries(imports.map(({ name }) => [name, () => undefined]));
    const { exports } = new WebAssembly.Instance(code, { env: { memory, ...env } });
    expect(exports['block']).toBeTypeOf('function');
  }
});
