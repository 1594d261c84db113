/** What regions compile to, in golden/. After a wanted change: `npm run test:unit -- -u core/jit/golden`. */
import { expect, test } from 'vitest';
import { assemble } from '../isa/assemble.ts';
import { NO_PASSES } from './passes.ts';
import { regionText, type TextOptions } from './testing/region-text.ts';

const [RA, A0, A1, A2] = [1, 10, 11, 12];

const arithmetic = [
  assemble('addi', { rd: A0, rs1: A0, imm: 1 }),
  assemble('c.mv', { rd: A1, rs2: A0 }),
  assemble('sub', { rd: A2, rs1: 0, rs2: A1 }),
  assemble('addi', { rd: 0, rs1: A2, imm: 5 }),
  assemble('addw', { rd: A2, rs1: A2, rs2: A0 }),
  assemble('sltu', { rd: A1, rs1: 0, rs2: A2 }),
  assemble('wfi'),
];
/** Sums a list's words, each by a call: a loop that is entered at its beginning and behind the call. */
const loop = [
  assemble('lw', { rd: A1, rs1: A0, imm: 0 }),
  assemble('jal', { rd: RA, imm: 0x200 }),
  assemble('add', { rd: A2, rs1: A2, rs2: A1 }),
  assemble('ld', { rd: A0, rs1: A0, imm: 8 }),
  assemble('bne', { rs1: A0, rs2: 0, imm: -16 }),
  assemble('jalr', { rd: 0, rs1: RA }),
];
const constants = [
  assemble('lui', { rd: A0, imm: 0x1234_5000 }),
  assemble('addi', { rd: A0, rs1: A0, imm: 0x678 }),
  assemble('auipc', { rd: A1, imm: 0x2000 }),
  assemble('addi', { rd: A1, rs1: A1, imm: -16 }),
  assemble('slli', { rd: A2, rs1: A0, imm: 12 }),
  assemble('jal', { rd: RA, imm: 0x100 }),
];
const memory = [
  assemble('ld', { rd: A1, rs1: A0, imm: 8 }),
  assemble('addi', { rd: A0, rs1: A0, imm: 16 }),
  assemble('sw', { rs1: A0, rs2: A1, imm: -4 }),
  assemble('jalr', { rd: 0, rs1: RA }),
];

/** By the name of the file. */
const blocks: Readonly<Record<string, readonly [readonly number[], TextOptions?]>> = {
  arithmetic: [arithmetic],
  'arithmetic-no-passes': [arithmetic, { passes: NO_PASSES }],
  constants: [constants],
  memory: [memory],
  'memory-with-base': [memory, { takesBase: true }],
  // The way out stores the constant, which nothing else needs in a local.
  trap: [
    [
      assemble('addi', { rd: A1, rs1: 0, imm: 42 }),
      assemble('lbu', { rd: A0, rs1: A0 }),
      assemble('addi', { rd: A1, rs1: 0, imm: 43 }),
      assemble('wfi'),
    ],
  ],
  loop: [loop],
  branch: [[assemble('addi', { rd: A0, rs1: A0, imm: -1 }), assemble('bne', { rs1: A0, rs2: 0, imm: -4 })]],
  amo: [
    [
      assemble('amoadd.w', { rd: A0, rs1: A1, rs2: A2 }),
      assemble('amomaxu.d', { rd: 0, rs1: A1, rs2: A2 }),
      assemble('fence'),
      assemble('wfi'),
    ],
  ],
  'reserved-conditional': [
    [assemble('lr.d', { rd: A0, rs1: A1 }), assemble('sc.d', { rd: A0, rs1: A1, rs2: A2 }), assemble('wfi')],
  ],
  float: [
    [
      assemble('fadd.d', { fd: 0, fs1: 1, fs2: 2, rm: 7 }),
      assemble('fmul.s', { fd: 3, fs1: 3, fs2: 3, rm: 1 }),
      assemble('flt.d', { rd: A0, fs1: 0, fs2: 1 }),
      assemble('fsgnjx.d', { fd: 4, fs1: 4, fs2: 4 }),
      assemble('csrrw', { rd: A0, rs1: A0, csr: 1 }),
      assemble('wfi'),
    ],
  ],
};

test.each(Object.entries(blocks))('%s', async (name, [words, options]) => {
  await expect(regionText(words, options)).toMatchFileSnapshot(`golden/${name}.wat`);
});
