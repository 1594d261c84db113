/** F and D, floating point (RISC-V unprivileged ISA, chapters "F" and "D"). */
import type { Bits, Emitter } from '../emitter.ts';
import type { ExactRoutine, RoundingRoutine } from '../float-routines.ts';
import { plain, type Extension, type Instruction } from '../instruction.ts';

const BOX = 0xffff_ffff_0000_0000n;
const CANONICAL_NAN = 0x7fc0_0000n;

/** How one format's values stand in the 64-bit registers. */
interface Format {
  readonly letter: 's' | 'd';
  readonly fmt: '00' | '01';
  readonly routines: 'f32' | 'f64';
  readonly sign: bigint;
  /** The operand in a register; a single that is not NaN-boxed is the canonical NaN ("D", "NaN Boxing of Narrower Values"). */
  unbox(h: Emitter, register: Bits): Bits;
  box(value: Bits): Bits;
}

const S: Format = {
  letter: 's',
  fmt: '00',
  routines: 'f32',
  sign: 0x8000_0000n,
  unbox(h, register) {
    const value = h.let(register);
    return h.let(h.select(value.geU(BOX), value.and(0xffff_ffffn), CANONICAL_NAN));
  },
  box: (value) => value.or(BOX),
};
const D: Format = {
  letter: 'd',
  fmt: '01',
  routines: 'f64',
  sign: 1n << 63n,
  unbox: (_, register) => register,
  box: (value) => value,
};

type Semantics = (h: Emitter) => void;
/** Every instruction needs mstatus.FS; those that write a register or a flag leave it Dirty. */
const float = (text: string, diagram: string, execute: Semantics): Instruction =>
  plain(text, diagram, (h) => {
    h.requireFloat();
    execute(h);
  });
const dirty = (text: string, diagram: string, execute: Semantics): Instruction =>
  float(text, diagram, (h) => {
    h.dirtyFloat();
    execute(h);
  });

function arithmetic(f: Format): Instruction[] {
  const { letter, fmt, routines } = f;
  const binary = (name: 'add' | 'sub' | 'mul' | 'div', funct5: string): Instruction =>
    dirty(`f${name}.${letter} fd, fs1, fs2, rm`, `${funct5}${fmt} fs2 fs1 rm fd 1010011`, (h) => {
      const rm = h.roundingMode();
      h.fd = f.box(h.float(`${routines}_${name}`, f.unbox(h, h.fs1), f.unbox(h, h.fs2), rm));
    });
  const fused = (name: string, opcode: string, negateProduct: boolean, negateAddend: boolean): Instruction =>
    dirty(`${name}.${letter} fd, fs1, fs2, fs3, rm`, `fs3 ${fmt} fs2 fs1 rm fd ${opcode}`, (h) => {
      const rm = h.roundingMode();
      const a = f.unbox(h, h.fs1);
      const c = f.unbox(h, h.fs3);
      const product = negateProduct ? a.xor(f.sign) : a;
      h.fd = f.box(h.float(`${routines}_madd`, product, f.unbox(h, h.fs2), negateAddend ? c.xor(f.sign) : c, rm));
    });
  const compare = (name: 'eq' | 'lt' | 'le', funct3: string): Instruction =>
    dirty(`f${name}.${letter} rd, fs1, fs2`, `10100${fmt} fs2 fs1 ${funct3} rd 1010011`, (h) => {
      h.rd = h.float(`${routines}_${name}` as ExactRoutine, f.unbox(h, h.fs1), f.unbox(h, h.fs2));
    });
  const extreme = (name: 'min' | 'max', funct3: string): Instruction =>
    dirty(`f${name}.${letter} fd, fs1, fs2`, `00101${fmt} fs2 fs1 ${funct3} fd 1010011`, (h) => {
      h.fd = f.box(h.float(`${routines}_${name}` as ExactRoutine, f.unbox(h, h.fs1), f.unbox(h, h.fs2)));
    });
  const sign = (name: string, funct3: string, of: (a: Bits, b: Bits) => Bits): Instruction =>
    dirty(`fsgn${name}.${letter} fd, fs1, fs2`, `00100${fmt} fs2 fs1 ${funct3} fd 1010011`, (h) => {
      const a = f.unbox(h, h.fs1);
      h.fd = f.box(a.and(~f.sign).or(of(a, f.unbox(h, h.fs2)).and(f.sign)));
    });
  return [
    binary('add', '00000'),
    binary('sub', '00001'),
    binary('mul', '00010'),
    binary('div', '00011'),
    dirty(`fsqrt.${letter} fd, fs1, rm`, `01011${fmt} 00000 fs1 rm fd 1010011`, (h) => {
      const rm = h.roundingMode();
      h.fd = f.box(h.float(`${routines}_sqrt`, f.unbox(h, h.fs1), rm));
    }),
    fused('fmadd', '1000011', false, false),
    fused('fmsub', '1000111', false, true),
    fused('fnmsub', '1001011', true, false),
    fused('fnmadd', '1001111', true, true),
    sign('j', '000', (_, b) => b),
    sign('jn', '001', (_, b) => b.xor(-1)),
    sign('jx', '010', (a, b) => a.xor(b)),
    extreme('min', '000'),
    extreme('max', '001'),
    compare('le', '000'),
    compare('lt', '001'),
    compare('eq', '010'),
    float(`fclass.${letter} rd, fs1`, `11100${fmt} 00000 fs1 001 rd 1010011`, (h) => {
      h.rd = h.float(`${routines}_class`, f.unbox(h, h.fs1));
    }),
    ...conversions(f),
  ];
}

function conversions(f: Format): Instruction[] {
  const { letter, fmt, routines } = f;
  const integers = [
    ['w', '00000', 'i32'],
    ['wu', '00001', 'u32'],
    ['l', '00010', 'i64'],
    ['lu', '00011', 'u64'],
  ] as const;
  return integers.flatMap(([suffix, rs2, integer]) => [
    dirty(`fcvt.${suffix}.${letter} rd, fs1, rm`, `11000${fmt} ${rs2} fs1 rm rd 1010011`, (h) => {
      const rm = h.roundingMode();
      h.rd = h.float(`${routines}_to_${integer}` as RoundingRoutine, f.unbox(h, h.fs1), rm);
    }),
    dirty(`fcvt.${letter}.${suffix} fd, rs1, rm`, `11010${fmt} ${rs2} rs1 rm fd 1010011`, (h) => {
      const rm = h.roundingMode();
      h.fd = f.box(h.float(`${integer}_to_${routines}` as RoundingRoutine, h.rs1, rm));
    }),
  ]);
}

export const F: Extension = {
  name: 'f',
  instructions: [
    dirty('flw fd, imm(rs1)', 'imm[11:0] rs1 010 fd 0000111', (h) => {
      h.fd = S.box(h.loadU(4, h.rs1.add(h.imm)));
    }),
    float('fsw fs2, imm(rs1)', 'imm[11:5] fs2 rs1 010 imm[4:0] 0100111', (h) => {
      h.store(4, h.rs1.add(h.imm), h.fs2);
    }),
    ...arithmetic(S),
    float('fmv.x.w rd, fs1', '1110000 00000 fs1 000 rd 1010011', (h) => (h.rd = h.fs1.extend32())),
    dirty('fmv.w.x fd, rs1', '1111000 00000 rs1 000 fd 1010011', (h) => (h.fd = S.box(h.rs1.and(0xffff_ffffn)))),
  ],
};

export const DExtension: Extension = {
  name: 'd',
  instructions: [
    dirty('fld fd, imm(rs1)', 'imm[11:0] rs1 011 fd 0000111', (h) => (h.fd = h.loadU(8, h.rs1.add(h.imm)))),
    float('fsd fs2, imm(rs1)', 'imm[11:5] fs2 rs1 011 imm[4:0] 0100111', (h) => {
      h.store(8, h.rs1.add(h.imm), h.fs2);
    }),
    ...arithmetic(D),
    dirty('fcvt.s.d fd, fs1, rm', '0100000 00001 fs1 rm fd 1010011', (h) => {
      const rm = h.roundingMode();
      h.fd = S.box(h.float('f64_to_f32', h.fs1, rm));
    }),
    // Widening is exact, but its rounding mode must still be a valid one.
    dirty('fcvt.d.s fd, fs1, rm', '0100001 00000 fs1 rm fd 1010011', (h) => {
      h.roundingMode();
      h.fd = h.float('f32_to_f64', S.unbox(h, h.fs1));
    }),
    float('fmv.x.d rd, fs1', '1110001 00000 fs1 000 rd 1010011', (h) => (h.rd = h.fs1)),
    dirty('fmv.d.x fd, rs1', '1111001 00000 rs1 000 fd 1010011', (h) => (h.fd = h.rs1)),
  ],
};
