/**
 * Random programs of functions that branch, loop, call each other, trap and return. Where a block goes on is drawn when
 * it runs, of a generator in the guest's registers; each block leaves its mark in s4, and s5 blocks are run in all.
 */
import type { Random } from '../../hart/float/testing/operands.ts';

/** Blocks that a program runs. */
const BLOCKS = 4000;
const FUNCTIONS = 6;

const below = (random: Random, limit: number): number => random() % limit;

/** The text of a program that ends with WFI; it uses no t5, t6 and s11. */
export function randomCalls(random: Random): string {
  const functions = Array.from({ length: FUNCTIONS }, (_, i) => randomFunction(random, i));
  return `
        li    s2, ${random()}
        li    s3, 0x5851f42d4c957f2d
        li    s4, 0
        li    s5, ${BLOCKS}
        li    s7, 0x40000000
again:  call  f0_0
        j     again
finish: csrr  s8, minstret
        wfi
        ${functions.join('\n')}`;
}

function randomFunction(random: Random, number: number): string {
  const count = 2 + below(random, 9);
  const block = (i: number): string => `f${number}_${i}`;
  const body = Array.from({ length: count }, (_, i) => {
    const mark = `
${block(i)}:
        addi  s5, s5, -1
        bnez  s5, go_${block(i)}
        j     finish
go_${block(i)}:
        mul   s2, s2, s3
        addi  s2, s2, ${1 + 2 * below(random, 500)}
        slli  t0, s4, 5
        sub   s4, t0, s4
        addi  s4, s4, ${number * 16 + i}
        srli  t0, s2, ${40 + below(random, 16)}
        andi  t0, t0, ${1 + below(random, 3)}`;
    return mark + randomEnd(random, block(below(random, count)), block(below(random, count)), i);
  });
  return `${below(random, 3) === 0 ? '.align 4096' : ''}\n${body.join('\n')}\n ret`;
}

/** What a block does, and where it goes: back or forward within its function, into another one, or home. */
function randomEnd(random: Random, one: string, other: string, number: number): string {
  const called = `f${below(random, FUNCTIONS)}_0`;
  const call = (instruction: string): string => `
        addi  sp, sp, -16
        sd    ra, 0(sp)
        ${instruction}
        ld    ra, 0(sp)
        addi  sp, sp, 16`;
  const branch = `
        bnez  t0, ${one}`;
  switch (below(random, 10)) {
    case 0:
      return `${branch}\n ret`;
    case 1:
      return `${call(`call ${called}`)}${branch}`;
    case 2:
      return `${call(`la t1, ${called}\n jalr ra, 0(t1)`)}`;
    case 3:
      return `\n csrr t1, minstret\n xor s4, s4, t1${branch}`;
    case 4:
      // Half of the time there is nothing at the address.
      return `\n mul t1, t0, s7\n add t1, t1, sp\n ld a0, -8(t1)\n add s4, s4, a0${branch}\n j ${other}`;
    case 5:
      return `\n sd s4, -64(sp)\n ecall${branch}`;
    case 6:
      return number === 0 ? branch : `${branch}\n j ${other}`;
    case 7:
      return `\n beqz t0, ${one}\n blt s4, s2, ${other}\n ret`;
    default:
      return branch;
  }
}
