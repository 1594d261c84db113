import { describe, expect, test } from 'vitest';
import { assembleText } from '../isa/assemble-text.ts';
import { enterCalls } from './enter-calls.ts';
import { readRegion } from './read-region.ts';
import { Ending, type Region } from './region.ts';
import { Lockstep, RAM } from './testing/lockstep.ts';

const CALLS = `
    jal ra, f
    addi a1, a1, 1
    jal ra, f
    addi a1, a1, 1
    wfi
f:  addi a0, a0, 1
    ret
`;

function read(text: string, options = {}): Region {
  const page = new Uint8Array(4096);
  page.set(assembleText(text).bytes);
  const region = readRegion(new DataView(page.buffer), 0, 0, options);
  if (!region) throw new Error('the region is empty');
  return region;
}

const name = (ending: Ending): string => Object.entries(Ending).find(([, value]) => value === ending)?.[0] ?? '';
/** By block: where it begins, how it ends, and where its jump to a register leads. */
const shape = ({ blocks }: Region): string[] =>
  blocks.map(({ offset, ending, targets }) => [offset, name(ending), ...targets].join(' '));

describe('a call of what is in the page', () => {
  test('is a jump, to which returns lead back', () => {
    const region = read(CALLS);
    expect(shape(region)).toEqual(['0 ENTER', '4 ENTER', '12 INTERPRET', '20 JUMP_REGISTER 4 12']);
    expect(region.entries).toContain(4);
  });

  test('stays a call when what is called was never executed, is long, or is elsewhere', () => {
    expect(shape(read(CALLS, { wasExecuted: (at: number) => at < 20 }))).toEqual(['0 CALL', '4 CALL', '12 INTERPRET']);
    const calling = (length: number): string => `jal ra, f\n ret\n f: ${'addi a0, a0, 1\n'.repeat(length)} ret`;
    expect(shape(read(calling(31)))).toEqual(['0 ENTER', '4 JUMP_REGISTER 4', '8 JUMP_REGISTER 4']);
    expect(shape(read(calling(32)))).toEqual(['0 CALL', '4 JUMP_REGISTER']);
    expect(shape(read('jal ra, 0x1000\n wfi'))).toEqual(['0 CALL']);
  });
});

test('a jump to another register, or past the return address, is no return', () => {
  const text = 'jal ra, f\n wfi\nf: bnez a0, g\n jalr zero, 4(ra)\ng: jr a1';
  const { blocks } = read(text);
  expect(enterCalls(blocks).flatMap(({ targets }) => targets)).toEqual([]);
});

const FIB = `
    li a0, 15
    jal ra, fib
    wfi
fib: li t1, 2
    bltu a0, t1, done
    addi sp, sp, -32
    sd ra, 0(sp)
    sd s0, 8(sp)
    sd s1, 16(sp)
    mv s0, a0
    addi a0, a0, -1
    jal ra, fib
    mv s1, a0
    addi a0, s0, -2
    jal ra, fib
    add a0, a0, s1
    ld ra, 0(sp)
    ld s0, 8(sp)
    ld s1, 16(sp)
    addi sp, sp, 32
done: ret
`;

describe('a function that calls itself', () => {
  const run = (text: string): Lockstep => {
    const pair = new Lockstep();
    pair.write(RAM, assembleText(text).bytes);
    pair.change((view) => {
      view.pc = BigInt(RAM);
      view.x[2] = BigInt(RAM + 0x1_0000);
    });
    pair.run(1_000_000);
    return pair;
  };

  test('returns to each of its callers, within one entry of the region', () => {
    const pair = run(FIB);
    expect(pair.view.x[10]).toBe(610n);
    expect(pair.runner.counts.entered).toBeLessThan(5);
  });

  test('returns to who changed the return address', () => {
    // Each second return skips an instruction of the caller.
    const text = FIB.replace('done: ret', 'done: andi t1, a0, 1\n slli t1, t1, 2\n add ra, ra, t1\n ret').replace(
      'wfi',
      'nop\n wfi',
    );
    expect(run(text).view.pc).toBeGreaterThan(BigInt(RAM + 8));
  });
});
