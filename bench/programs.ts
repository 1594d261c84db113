/**
 * Bare-metal programs for M-mode that measure themselves: each prints the instructions that it retired and the ticks of
 * the clock (10 MHz) that it took, as two hexadecimal numbers in a line, on the UART, and ends the machine. Before it
 * begins it prints a mark.
 */
import { assembleText } from '../core/isa/assemble-text.ts';

/** Measures the code at `body`, which may use all registers but s8 to s11. */
function measured(body: string): Uint8Array<ArrayBuffer> {
  return assembleText(`
        li    sp, 0x80800000
        li    a1, 60
        call  send
        csrr  s10, time
        csrr  s11, minstret
        call  body
        csrr  a0, minstret
        csrr  s9, time
        sub   a0, a0, s11
        call  print
        sub   a0, s9, s10
        call  print
        li    a1, 10
        call  send
        li    t0, 0x100000
        li    t1, 0x5555
        sw    t1, 0(t0)
halt:   j     halt

print:  mv    s8, ra
        li    t5, 60
digit:  srl   a1, a0, t5
        andi  a1, a1, 15
        li    t0, 10
        blt   a1, t0, small
        addi  a1, a1, 39
small:  addi  a1, a1, 48
        call  send
        addi  t5, t5, -4
        bgez  t5, digit
        li    a1, 32
        call  send
        jr    s8

send:   li    t0, 0x10000000
full:   lbu   t1, 5(t0)
        andi  t1, t1, 0x20
        beqz  t1, full
        sb    a1, 0(t0)
        ret

${body}`).bytes;
}

/** Additions, shifts and logic in registers. */
const arithmetic = (rounds: number): string => `
body:   li    s0, ${rounds}
        li    t0, 0x9e3779b97f4a7c15
        li    t1, 1
again:  add   t1, t1, t0
        srli  t2, t1, 30
        xor   t1, t1, t2
        slli  t3, t1, 5
        add   t1, t1, t3
        srli  t2, t1, 27
        xor   t1, t1, t2
        addi  s0, s0, -1
        bnez  s0, again
        ret`;

/** The sieve of Eratosthenes over a million bytes: loads, stores, short loops. */
const sieve = (rounds: number): string => `
body:   li    s0, ${rounds}
round:  li    s1, 0x80100000
        li    s2, 1000000
        add   s3, s1, s2
        mv    t0, s1
clear:  sd    zero, 0(t0)
        addi  t0, t0, 8
        blt   t0, s3, clear
        li    t1, 2
next:   add   t0, s1, t1
        lbu   t2, 0(t0)
        bnez  t2, skip
        mul   t3, t1, t1
        add   t0, s1, t3
        li    t4, 1
strike: bge   t0, s3, skip
        sb    t4, 0(t0)
        add   t0, t0, t1
        j     strike
skip:   addi  t1, t1, 1
        li    t5, 1000
        bge   t5, t1, next
        addi  s0, s0, -1
        bnez  s0, round
        ret`;

/** Fibonacci numbers by recursion: calls, returns, the stack. */
const calls = (n: number): string => `
body:   li    a0, ${n}
fib:    li    t0, 2
        blt   a0, t0, done
        addi  sp, sp, -24
        sd    ra, 0(sp)
        sd    s0, 8(sp)
        sd    s1, 16(sp)
        mv    s0, a0
        addi  a0, s0, -1
        call  fib
        mv    s1, a0
        addi  a0, s0, -2
        call  fib
        add   a0, a0, s1
        ld    ra, 0(sp)
        ld    s0, 8(sp)
        ld    s1, 16(sp)
        addi  sp, sp, 24
done:   ret`;

/** What a program prints before it begins, and when it is over. */
export const BEGIN = '<';
export const END = '\n';

export interface Loop {
  readonly name: string;
  /** A raw binary for the start of RAM. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** 200 to 400 million instructions each. */
export const loops: readonly Loop[] = [
  { name: 'arithmetic', bytes: measured(arithmetic(40_000_000)) },
  { name: 'sieve', bytes: measured(sieve(25)) },
  { name: 'calls', bytes: measured(calls(32)) },
];

/** What a program printed. */
export function readLoop(output: string): { readonly instructions: number; readonly seconds: number } {
  const match = /([0-9a-f]{16}) ([0-9a-f]{16})/.exec(output);
  if (match === null) throw new Error(`the program printed no figures: ${output}`);
  return { instructions: parseInt(match[1], 16), seconds: parseInt(match[2], 16) / 1e7 };
}
