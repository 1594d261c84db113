/** Floating point in regions, to the flag and to mstatus.FS, against the interpreter. */
import { describe, expect, test } from 'vitest';
import { BOX, Flag, Rounding } from '../hart/float/format.ts';
import { assemble, program } from '../isa/assemble.ts';
import { assembleText } from '../isa/assemble-text.ts';
import { Cause, MSTATUS } from '../isa/mstatus.ts';
import { Lockstep, RAM } from './testing/lockstep.ts';

const CODE = RAM + 0x1000;
const HANDLER = RAM + 0x3000;
const DATA = RAM + 0x4000;
const [A0, A1, A2, A3] = [10, 11, 12, 13];
const [FA0, FA1, FA2] = [10, 11, 12];
const Fs = { OFF: 0n, INITIAL: 1n << 13n, CLEAN: 2n << 13n, DIRTY: 3n << 13n } as const;

const f64 = (value: number): bigint => new BigUint64Array(new Float64Array([value]).buffer)[0];
const f32 = (value: number): bigint => BOX | BigInt(new Uint32Array(new Float32Array([value]).buffer)[0]);

interface Setting {
  /** That of all instructions; that of `frm` unless it is given. */
  readonly rm?: number;
  readonly fs?: bigint;
  readonly fflags?: number;
  readonly frm?: number;
  readonly x?: Readonly<Record<number, number>>;
  readonly f?: Readonly<Record<number, bigint>>;
}

/** Runs a program to its WFI, or to that of the trap handler. */
function run(source: string, { rm, fs = Fs.DIRTY, fflags = 0, frm = Rounding.RNE, x = {}, f = {} }: Setting): Lockstep {
  const pair = new Lockstep();
  const words = [...new Uint32Array(assembleText(`${source}\n wfi`, CODE).bytes.buffer)];
  const isDynamic = (word: number): boolean => (word & 0x707f) === 0x7053;
  pair.write(CODE, program(words.map((word) => (isDynamic(word) ? word & ~((~(rm ?? 7) << 12) & 0x7000) : word))));
  pair.write(HANDLER, program([assemble('wfi')]));
  pair.change((view) => {
    view.pc = BigInt(CODE);
    view.mtvec = BigInt(HANDLER);
    view.pmpcfg[0] = 0x1fn;
    view.pmpaddr[0] = (1n << 54n) - 1n;
    view.mstatus = (view.mstatus & ~MSTATUS.FS) | fs;
    Object.assign(view, { fflags, frm });
    view.x[A3] = BigInt(DATA);
    for (const [register, value] of Object.entries(x)) view.x[Number(register)] = BigInt(value);
    for (const [register, value] of Object.entries(f)) view.f[Number(register)] = value;
  });
  pair.run();
  return pair;
}

const fsOf = ({ view }: Lockstep): bigint => view.mstatus & MSTATUS.FS;
/** Where an instruction was found to be illegal, in bytes from the program's beginning. */
function illegalAt({ view }: Lockstep): number | undefined {
  return view.mcause === BigInt(Cause.ILLEGAL) ? Number(view.mepc) - CODE : undefined;
}
/** Instructions that the interpreter did, besides the WFI. */
const stepped = ({ runner }: Lockstep): number => runner.counts.stepped - 1;

describe('mstatus.FS that is Off', () => {
  const operands = { fs: Fs.OFF, f: { [FA0]: f64(1), [FA1]: f64(3) } };

  test.each([
    'fadd.d fa0, fa0, fa1',
    'fadd.s fa0, fa0, fa1',
    'fcvt.d.s fa0, fa1',
    'fmv.d.x fa0, a0',
    'fmv.x.d a0, fa1',
    'fsgnj.d fa0, fa1, fa1',
    'flt.d a0, fa0, fa1',
    'fld fa0, 0(a3)',
    'flw fa0, 0(a3)',
    'fsd fa1, 0(a3)',
    'fsw fa1, 0(a3)',
    'csrr a0, fflags',
    'csrw frm, a0',
  ])('makes %s illegal, which changes nothing', (instruction) => {
    const pair = run(`addi a1, zero, 7\n ${instruction}\n addi a2, zero, 9`, { ...operands, x: { [A0]: 5 } });
    expect(illegalAt(pair)).toBe(4);
    const { x, f } = pair.view;
    expect([x[A0], x[A1], x[A2], f[FA0]]).toEqual([5n, 7n, 0n, f64(1)]);
    expect(fsOf(pair)).toBe(Fs.OFF);
  });

  test.each([0, 1])('is of account on the way alone that has floating point (%i)', (way) => {
    const source = 'beqz a0, over\n addi a1, zero, 1\n fadd.d fa0, fa0, fa1\n over: addi a2, zero, 9';
    const pair = run(source, { ...operands, x: { [A0]: way } });
    expect(illegalAt(pair)).toBe(way ? 8 : undefined);
    if (!way) expect([pair.view.x[A2], stepped(pair)]).toEqual([9n, 0]);
  });

  test('is found in a loop that a CSR switches it off in', () => {
    const loop = `loop: fadd.d fa0, fa0, fa1\n addi a0, a0, -1\n bnez a0, loop
      csrc sstatus, a1\n addi a0, zero, 1\n beqz zero, loop`;
    const pair = run(loop, { ...operands, fs: Fs.DIRTY, x: { [A0]: 3, [A1]: Number(MSTATUS.FS) } });
    expect(illegalAt(pair)).toBe(0);
    expect(pair.view.f[FA0]).toBe(f64(10));
  });
});

describe.each(['INITIAL', 'CLEAN'] as const)('mstatus.FS that is %s', (state) => {
  const before = Fs[state];

  test.each([
    ['fsd fa1, 0(a3)', before],
    ['fsw fa1, 0(a3)', before],
    ['fmv.x.d a0, fa1', before],
    ['fclass.d a0, fa1', before],
    ['csrr a0, fcsr', before],
    ['csrrs a0, fflags, zero', before],
    ['fld fa0, 0(a3)', Fs.DIRTY],
    ['flw fa0, 0(a3)', Fs.DIRTY],
    ['fadd.d fa0, fa0, fa1', Fs.DIRTY],
    ['flt.d a0, fa0, fa1', Fs.DIRTY],
    ['fmv.d.x fa0, a0', Fs.DIRTY],
    ['csrw fflags, zero', Fs.DIRTY],
  ])('%s', (instruction, after) => {
    expect(fsOf(run(`${instruction}\n addi a0, a0, 1`, { fs: before }))).toBe(after);
    expect(fsOf(run(`fsd fa1, 0(a3)\n ${instruction}\n addi a0, a0, 1`, { fs: before }))).toBe(after);
  });

  test('stays so on a way without floating point', () => {
    const pair = run('beqz a0, over\n fadd.d fa0, fa0, fa1\n over: addi a2, zero, 9', { fs: before });
    expect([fsOf(pair), stepped(pair)]).toEqual([before, 0]);
  });

  test('is Dirty from the first iteration on of a loop that is entered', () => {
    const pair = run('loop: fadd.d fa0, fa0, fa1\n addi a0, a0, -1\n bnez a0, loop', { fs: before, x: { [A0]: 9 } });
    expect(fsOf(pair)).toBe(Fs.DIRTY);
    // Not more than to get there.
    expect(stepped(pair)).toBeLessThan(4);
  });
});

describe('frm', () => {
  const inexact = { [FA0]: f64(1), [FA1]: f64(3) };

  test.each(['fadd.d fa0, fa0, fa1', 'fcvt.d.s fa0, fa1', 'fcvt.d.w fa0, a0', 'fcvt.w.d a0, fa1', 'fsqrt.s fa0, fa1'])(
    'that is no mode makes %s illegal only if that asks for it',
    (instruction) => {
      const f = { [FA0]: f64(1), [FA1]: f64(3) };
      for (const fflags of [0, Flag.NX]) {
        const asking = run(`addi a1, zero, 7\n ${instruction}`, { frm: 5, fflags, f });
        expect([illegalAt(asking), asking.view.f[FA0], asking.view.fflags]).toEqual([4, f64(1), fflags]);
        const not = run(`addi a1, zero, 7\n ${instruction}`, { rm: Rounding.RNE, frm: 5, fflags, f });
        expect(illegalAt(not)).toBeUndefined();
      }
    },
  );

  test('that becomes no mode in a loop is found there', () => {
    const source = 'loop: fdiv.d fa0, fa0, fa1\n csrw frm, a0\n addi a0, a0, 1\n beqz zero, loop';
    const pair = run(source, { f: inexact });
    // Modes 0 to 4 are five divisions, behind a first one.
    expect([illegalAt(pair), pair.view.frm]).toEqual([0, 5]);
  });

  test('that a CSR changes in a loop is what is rounded by', () => {
    const source = `loop: fdiv.d fa2, fa0, fa1\n fsd fa2, 0(a3)\n addi a3, a3, 8\n csrw frm, a0\n addi a0, a0, -1
      bgez a0, loop`;
    const pair = run(source, { f: inexact, x: { [A0]: 4 } });
    const quotients = Array.from({ length: 5 }, (_, i) => pair.compiled.ram.readU16(DATA + i * 8) & 1);
    // 1/3 is 0x3fd55...55: to nearest, to nearest with ties away, up, down, to zero.
    expect(quotients).toEqual([1, 1, 0, 1, 1]);
  });
});

describe('fflags', () => {
  const [least, greatest] = [2 ** -1022, Number.MAX_VALUE];
  const cases: [string, string, bigint, bigint, number][] = [
    ['exact', 'fadd.d', f64(1), f64(2), 0],
    ['inexact', 'fadd.d', f64(0.1), f64(0.2), Flag.NX],
    ['overflow', 'fmul.d', f64(greatest), f64(2), Flag.OF | Flag.NX],
    ['overflow of a sum', 'fadd.d', f64(greatest), f64(greatest), Flag.OF | Flag.NX],
    ['a great sum', 'fadd.d', f64(greatest), f64(-1), Flag.NX],
    ['underflow', 'fmul.d', f64(least), f64(0.3), Flag.UF | Flag.NX],
    ['an exact subnormal', 'fmul.d', f64(least), f64(0.5), 0],
    ['a subnormal that rounds to the least normal', 'fmul.d', f64(1 - 2 ** -53), f64(least), Flag.UF | Flag.NX],
    ['a zero', 'fmul.d', f64(0), f64(-3), 0],
    ['division by zero', 'fdiv.d', f64(1), f64(0), Flag.DZ],
    ['an invalid operation', 'fsub.d', f64(Infinity), f64(Infinity), Flag.NV],
    ['a signalling NaN', 'fadd.d', 0x7ff0_0000_0000_0001n, f64(1), Flag.NV],
    ['overflow', 'fmul.s', f32(3e38), f32(2), Flag.OF | Flag.NX],
    ['underflow', 'fmul.s', f32(2 ** -126), f32(0.3), Flag.UF | Flag.NX],
    ['an inexact sum', 'fadd.s', f32(0.1), f32(0.2), Flag.NX],
    ['division by zero', 'fdiv.s', f32(-1), f32(0), Flag.DZ],
    ['a number that is not boxed', 'fadd.s', f64(1), f32(1), 0],
  ];

  test.each(cases)('%s: %s', (_, operation, a, b, raised) => {
    for (const fflags of [0, Flag.NX, Flag.NX | Flag.DZ]) {
      const pair = run(`${operation} fa2, fa0, fa1\n ${operation} fa0, fa2, fa1`, {
        fflags,
        f: { [FA0]: a, [FA1]: b },
      });
      expect(pair.view.fflags & raised).toBe(raised);
      const once = run(`${operation} fa2, fa0, fa1`, { fflags, f: { [FA0]: a, [FA1]: b } });
      expect(once.view.fflags).toBe(fflags | raised);
    }
  });

  test('NX that a CSR clears in a loop is raised anew', () => {
    const source = `loop: fdiv.d fa2, fa0, fa1\n csrrc a1, fflags, a2\n add a0, a0, a1\n addi a2, a2, -1\n bnez a2, loop`;
    const pair = run(source, { f: { [FA0]: f64(1), [FA1]: f64(3) }, x: { [A2]: 9 } });
    // It is read as 1 in each of the nine iterations, as five clear it, and the others keep it.
    expect([pair.view.x[A0], pair.view.fflags, stepped(pair)]).toEqual([9n, 0, 0]);
  });

  test.each(['fflags', 'frm', 'fcsr'])('%s is read and written without the interpreter', (csr) => {
    const source = `csrrw a0, ${csr}, a1\n csrrsi a1, ${csr}, 12\n csrrci a2, ${csr}, 9\n csrr a3, ${csr}\n csrw ${csr}, a3`;
    const pair = run(source, { fflags: 0x15, frm: 3, x: { [A1]: 0x1ff } });
    expect(stepped(pair)).toBe(0);
  });

  test('flags that are put back leave no trace of what was between', () => {
    const source = 'csrr a0, fflags\n flt.d a1, fa0, fa1\n csrw fflags, a0\n fadd.d fa2, fa1, fa1';
    const pair = run(source, { f: { [FA0]: f64(NaN), [FA1]: f64(1) } });
    expect([pair.view.fflags, pair.view.f[FA2], stepped(pair)]).toEqual([0, f64(2), 0]);
  });
});

test.each([
  ['fsgnj.d', f64(-1), f64(-1)],
  ['fsgnjn.d', f64(-1), f64(1)],
  ['fsgnjx.d', f64(-1), f64(1)],
  ['fsgnj.d', 0xfff0_0000_0000_0001n, 0xfff0_0000_0000_0001n],
  ['fsgnjn.d', 0x7ff0_0000_0000_0001n, 0xfff0_0000_0000_0001n],
  ['fsgnjx.d', 0xfff0_0000_0000_0001n, 0x7ff0_0000_0000_0001n],
  ['fsgnjn.d', f64(0), f64(-0)],
])('%s of a number with itself', (instruction, a, expected) => {
  const pair = run(`${instruction} fa1, fa0, fa0\n ${instruction} fa0, fa0, fa0`, { f: { [FA0]: a } });
  expect([pair.view.f[FA0], pair.view.f[FA1]]).toEqual([expected, expected]);
});

test('numbers in single precision are loaded and stored bit by bit, and boxed', () => {
  const source =
    'sw a0, 0(a3)\n flw fa0, 0(a3)\n fsw fa0, 4(a3)\n fld fa1, 0(a3)\n fsd fa1, 8(a3)\n ld a1, 8(a3)\n fmv.x.d a2, fa0';
  const pair = run(source, { x: { [A0]: 0x7f80_0001 } });
  expect([pair.view.x[A1], BigInt.asUintN(64, pair.view.x[A2])]).toEqual([0x7f80_0001_7f80_0001n, BOX | 0x7f80_0001n]);
});
