/** Interpreter and compiled code in one hart, as machines run them, against the interpreter alone. */
import { describe, expect, test } from 'vitest';
import { assemble } from '../isa/assemble.ts';
import { assembleText, type AssembledProgram } from '../isa/assemble-text.ts';
import { seededRandom } from '../hart/float/testing/operands.ts';
import { Exit } from '../shared/hart-state.ts';
import { Interrupt, setInterrupt } from '../shared/interrupts.ts';
import { HotHart, MSIP, RAM, type HotOptions } from './testing/hot-hart.ts';
import { randomCalls } from './testing/random-calls.ts';

const HOT: HotOptions = { hotLimit: 3 };
/** Instructions of the handler for an interrupt. */
const HANDLER_LENGTH = 14n;

/**
 * `main` runs in M-mode with a stack, and ends with WFI. The handler logs cause, value, pc and minstret, and goes on
 * behind the instruction, or where an interrupt came; it uses t5, t6 and s11.
 */
function programOf(main: string): AssembledProgram {
  return assembleText(`
        la    t0, handler
        csrw  mtvec, t0
        la    s11, log
        la    sp, stack
        li    t0, 8
        csrw  mie, t0
        csrs  mstatus, t0
        j     main
        .align 64
handler:
        csrr  t6, minstret
        sd    t6, 24(s11)
        csrr  t6, mtval
        sd    t6, 8(s11)
        csrr  t5, mepc
        sd    t5, 16(s11)
        csrr  t6, mcause
        sd    t6, 0(s11)
        addi  s11, s11, 32
        bltz  t6, interrupted
        addi  t5, t5, 4
        csrw  mepc, t5
        mret
interrupted:
        lui   t5, ${MSIP}
        sw    zero, 0(t5)
        csrr  t5, mepc
        mret
        .align 4096
main:   ${main}
        wfi
        .align 4096
log:    .zero 0x40000
        .zero 0x40000
stack:  .dword 0
`);
}

function loaded({ bytes }: AssembledProgram, options: HotOptions = {}): HotHart {
  const made = new HotHart(options);
  made.ram.write(RAM, bytes);
  return made;
}

/** What a program can see of its hart. */
function visible({ view }: HotHart): Record<string, string> {
  const hex = (value: bigint | number): string => value.toString(16);
  const fields = ['pc', 'instret', 'privilege', 'mstatus', 'mepc', 'mcause', 'mtval', 'fflags'] as const;
  return {
    ...Object.fromEntries(fields.map((field) => [field, hex(view[field])])),
    ...Object.fromEntries([...view.x].slice(0, 32).map((value, i) => [`x${i}`, hex(value)])),
  };
}

function expectSameMemory(actual: HotHart, expected: HotHart): void {
  const [a, b] = [actual, expected].map(({ ram }) => {
    const bytes = Buffer.alloc(1 << 20);
    ram.read(RAM, bytes);
    return bytes;
  });
  expect(a.equals(b), 'the memories are the same').toBe(true);
}

/** Runs a program to its WFI, with and without compiled code, and compares; returns the one with. */
function compare(main: string, options: HotOptions = HOT, budget = 1_000_000): HotHart {
  const program = programOf(main);
  const [expected, actual] = [loaded(program), loaded(program, options)];
  expect(expected.runOn()).toBe(Exit.WFI);
  expect(actual.runOn(budget)).toBe(Exit.WFI);
  expect(visible(actual)).toEqual(visible(expected));
  expectSameMemory(actual, expected);
  expect(actual.view.statCompiled).toBeGreaterThan(0n);
  return actual;
}

const LOOPS = `
        li    s0, 60
outer:  li    s1, 50
        mv    a1, zero
inner:  add   a0, a0, s1
        mul   a2, a0, s1
        xor   a1, a1, a2
        addi  s1, s1, -1
        bnez  s1, inner
        andi  t0, a1, 3
        beqz  t0, even
        addi  a3, a3, 1
        j     next
even:   addi  a4, a4, 1
next:   addi  s0, s0, -1
        bnez  s0, outer`;

/** Calls a chain of so many functions, each of which calls the next, twenty times. */
const nested = (depth: number): string => `
        li    s0, 20
again:  call  f0
        addi  s0, s0, -1
        bnez  s0, again
        wfi
        ${Array.from(
          { length: depth },
          (_, i) => `
f${i}:  addi  sp, sp, -16
        sd    ra, 8(sp)
        addi  a0, a0, ${i}
        call  f${i + 1}
        xor   a0, a0, s0
        ld    ra, 8(sp)
        addi  sp, sp, 16
        ret`,
        ).join('')}
f${depth}: addi a1, a1, 1
        ret`;

/** The Fibonacci number of 15, by recursion; and the sum of the numbers to 20000, so many calls deep, twice. */
const RECURSION = `
        li    a0, 15
        call  fib
        mv    s2, a0
        li    a0, 1               # it has returned once before it is compiled
        call  sum
        li    s0, 2
deeper: li    a0, 20000
        call  sum
        add   s3, s3, a0
        addi  s0, s0, -1
        bnez  s0, deeper
        wfi
fib:    li    t0, 2
        bltu  a0, t0, fib_end
        addi  sp, sp, -32
        sd    ra, 0(sp)
        sd    a0, 8(sp)
        addi  a0, a0, -1
        call  fib
        sd    a0, 16(sp)
        ld    a0, 8(sp)
        addi  a0, a0, -2
        call  fib
        ld    t0, 16(sp)
        add   a0, a0, t0
        ld    ra, 0(sp)
        addi  sp, sp, 32
fib_end: ret
sum:    beqz  a0, sum_end
        addi  sp, sp, -16
        sd    ra, 0(sp)
        sd    a0, 8(sp)
        addi  a0, a0, -1
        call  sum
        ld    t0, 8(sp)
        add   a0, a0, t0
        ld    ra, 0(sp)
        addi  sp, sp, 16
sum_end: ret`;

/** Calls three deep, where every eighth access, every seventh CSR and a few other instructions trap. */
const TRAPS = `
        li    s0, 300
again:  mv    a0, s0
        call  first
        addi  s0, s0, -1
        bnez  s0, again
        csrr  s6, minstret
        wfi
first:  mv    s3, ra
        call  second
        addi  a5, a5, 1
        jr    s3
second: mv    s4, ra
        addi  a1, a1, 3
        call  third
        csrr  a7, minstret
        add   s5, s5, a7
        jr    s4
third:  andi  t0, a0, 7
        la    t1, log+0x3f000
        bnez  t0, good
        li    t1, 0x40000000
good:   addi  a2, a2, 1
        ld    a3, 0(t1)
        add   a2, a2, a3
        sd    a2, 8(t1)
        remu  t0, a0, a6
        bnez  t0, done
        ecall
        .word 0
        addi  a4, a4, 1
done:   ret`;

/** Writes another constant into a function and calls it, again and again; with FENCE.I before each call. */
const REWRITES = `
        la    s1, function
        li    s2, ${assemble('addi', { rd: 10 })}
        li    s0, 40
again:  slli  t0, s0, 20
        or    t0, t0, s2
        sw    t0, 0(s1)
        fence.i
        li    s3, 12
call:   call  caller
        add   s4, s4, a0
        addi  s3, s3, -1
        bnez  s3, call
        addi  s0, s0, -1
        bnez  s0, again
        wfi
caller: mv    s5, ra
        call  function
        jr    s5
        .align 4096
function:
        li    a0, 0
        ret`;

const programs: Readonly<Record<string, string>> = {
  'loops in each other': LOOPS,
  'calls nested in each other more deeply than compiled code nests': nested(205),
  recursion: RECURSION,
  'traps within nested calls': TRAPS,
  'code that writes code': REWRITES,
};

describe.each(Object.entries(programs))('%s', (_, main) => {
  test.each<[string, HotOptions, number?]>([
    ['as soon as it is hot', HOT],
    ['taking the base', { ...HOT, takesBase: true }],
    ['in slices of 1000', HOT, 1000],
    ['in slices of 17, installed late', { ...HOT, delay: 40 }, 17],
    ['with room for two modules', { ...HOT, moduleSize: 20 << 20 }, 500],
  ])('ends as interpreted: %s', (_, options, budget) => {
    compare(main, options, budget);
  });

  test('is at every stop where single steps lead', () => {
    const program = programOf(main);
    const [expected, actual] = [loaded(program), loaded(program, HOT)];
    const random = seededRandom(5);
    for (let exit: number = Exit.BUDGET; exit === Exit.BUDGET;) {
      exit = actual.run(1 + (random() % 700));
      expected.stepTo(actual.view.instret, actual.view.pc);
      expect(visible(actual)).toEqual(visible(expected));
    }
    expectSameMemory(actual, expected);
  });
});

test('recursion gives the numbers that it should', () => {
  const { view } = compare(RECURSION);
  expect([view.x[18], view.x[19]]).toEqual([610n, 2n * 200_010_000n]);
});

test('what is called is what was written last', () => {
  const { view } = compare(REWRITES);
  expect(view.x[20]).toBe(12n * 820n);
});

test('most of a hot program is executed by compiled code', () => {
  const { view } = compare(LOOPS);
  expect(Number(view.statCompiled)).toBeGreaterThan(0.9 * Number(view.instret));
});

test('nothing is compiled when nothing gets hot', () => {
  const interpreted = loaded(programOf(LOOPS), { hotLimit: 0 });
  interpreted.runOn();
  expect([interpreted.installed, interpreted.view.statCompiled]).toEqual([0, 0n]);
});

test('code that was dropped for want of room is compiled again', () => {
  const pages = Array.from({ length: 6 }, (_, i) => i);
  const program = programOf(`
        li    s0, 60
again:  ${pages.map((i) => `call page${i}`).join('\n')}
        addi  s0, s0, -1
        bnez  s0, again
        wfi
        ${pages
          .map(
            (i) => `.align 4096
page${i}: li  s1, 5
loop${i}: addi a0, a0, ${i}
        addi  s1, s1, -1
        bnez  s1, loop${i}
        ret`,
          )
          .join('\n')}`);
  const [expected, actual] = [loaded(program), loaded(program, { ...HOT, moduleSize: 10 << 20 })];
  expect(expected.runOn()).toBe(Exit.WFI);
  for (let exit: number = Exit.BUDGET; exit === Exit.BUDGET;) {
    exit = actual.run(1000);
    actual.coolDown();
  }
  expect(visible(actual)).toEqual(visible(expected));
  expect(actual.installed).toBeGreaterThan(pages.length);
  expect(Number(actual.view.statEvicted)).toBeGreaterThan(pages.length);
});

describe('an interrupt', () => {
  /** Runs a program with interrupts at random moments; what it computes is the same, and all instructions are counted. */
  const interrupt = (main: string): HotHart => {
    const program = programOf(main);
    const [expected, actual] = [loaded(program), loaded(program, HOT)];
    expected.runOn();
    const random = seededRandom(9);
    let interrupts = 0n;
    for (let exit: number = Exit.BUDGET; exit === Exit.BUDGET;) {
      exit = actual.run(1 + (random() % 400));
      if (exit !== Exit.BUDGET || actual.view.mip.load() !== 0) continue;
      setInterrupt(actual.view, Interrupt.MSI, true);
      interrupts++;
    }
    // What comes at the end is not taken any more.
    interrupts -= actual.view.mip.load() === 0 ? 0n : 1n;
    expect(interrupts).toBeGreaterThan(20n);
    const logged = (actual.view.x[27] - expected.view.x[27]) / 32n;
    expect(logged).toBe(interrupts);
    expect(actual.view.instret).toBe(expected.view.instret + interrupts * HANDLER_LENGTH);
    const results = (hart: HotHart): bigint[] => [...hart.view.x].slice(0, 27);
    expect(results(actual)).toEqual(results(expected));
    expect(actual.view.statCompiled).toBeGreaterThan(0n);
    return actual;
  };

  test('is taken in a hot loop, which goes on as if nothing had been', () => {
    interrupt(LOOPS);
  });

  test('is taken in deep recursion, which goes on as if nothing had been', () => {
    interrupt(RECURSION);
  });

  test('finds minstret as exact as pc', () => {
    const loop = `
loop:   addi  a0, a0, 1
        addi  a1, a1, 2
        addi  a2, a2, 3
        j     loop`;
    const program = programOf(loop);
    const at = program.labels.get('loop') ?? 0;
    const actual = loaded(program, HOT);
    actual.run(5000);
    for (let round = 0; round < 50; round++) {
      setInterrupt(actual.view, Interrupt.MSI, true);
      actual.run(100 + round);
      const log = Number(actual.view.x[27]) - 32;
      const [pc, instret] = [actual.ram.readU64(log + 16), actual.ram.readU64(log + 24)];
      // Eleven instructions come before the loop, which has four.
      const inHandlers = round * Number(HANDLER_LENGTH);
      expect((instret - 11 - inHandlers - (pc - at) / 4) % 4).toBe(0);
    }
  });

  test('that the program itself causes is taken at once', () => {
    const main = `
        li    s0, 50
        lui   s1, ${MSIP}
        li    s2, 1
again:  call  poke
        addi  s0, s0, -1
        bnez  s0, again
        wfi
poke:   addi  a0, a0, 1
        sw    s2, 0(s1)
        ret`;
    const actual = compare(main);
    expect(actual.view.mip.load()).toBe(0);
  });
});

test('programs of random blocks, branches, calls and traps end as interpreted', () => {
  const random = seededRandom(11);
  let compiled = 0n;
  for (let i = 0; i < 24; i++) {
    const program = programOf(randomCalls(random));
    const [expected, actual] = [
      loaded(program),
      loaded(program, { ...HOT, takesBase: i % 2 === 1, delay: random() % 3 }),
    ];
    expect(expected.runOn()).toBe(Exit.WFI);
    const budget = 1 + (random() % 3000);
    expect(actual.runOn(budget)).toBe(Exit.WFI);
    expect(visible(actual), `program ${i}`).toEqual(visible(expected));
    expectSameMemory(actual, expected);
    compiled += actual.view.statCompiled;
  }
  expect(compiled).toBeGreaterThan(100_000n);
});

describe('a loop that is run ten times, of one jump each', () => {
  const runs = (between: bigint): HotHart => {
    const hart = loaded(programOf('li a0, 2\n again: addi a0, a0, -1\n bnez a0, again'), HOT);
    for (let i = 0; i < 10; i++) {
      hart.hart.reset(BigInt(RAM));
      hart.view.instret = BigInt(i) * between;
      hart.runOn();
    }
    return hart;
  };

  test('is compiled when they are near each other', () => {
    expect(runs(100n).installed).toBeGreaterThan(0);
  });
  test('is not when they are far apart: heat is lost with time', () => {
    expect(runs(1n << 30n).installed).toBe(0);
  });
});
