/**
 * Random programs that trap: the sequences of the suite with illegal words, environment calls, misaligned atomics, wild
 * loads and illegal rounding modes among them, run in U-, S- or M-mode over pages some of which refuse.
 *
 *   the handler saves what the trap tells into a log, skips the instruction, and returns
 */
import { assembleText } from '../../../isa/assemble-text.ts';
import { assemble, program } from '../../../isa/assemble.ts';
import { csrNumber } from '../../testing/assembler.ts';
import { EVERYTHING_ALLOWED, RAM_BASE, type Block, type StateChange } from '../../testing/engine.ts';
import { randomFloat, randomInteger } from '../../testing/inputs.ts';
import { repertoire, SequenceGenerator } from '../../testing/sequence.ts';
import type { Random } from '../../../hart/float/testing/operands.ts';
import { AC, ALL, DI, EX, PageTables, RD, US, V, WR } from './page-tables.ts';

const CODE = RAM_BASE + 0x2e00;
const LOG = RAM_BASE + 0x1_0000;
const DATA = RAM_BASE + 0x20_0000;
const TABLES = RAM_BASE + 0x30_0000;
/** Where the data is seen: two pages, x3 between them. */
const VA = 0x20_0000_0000n;

const HANDLER = `
        csrrw s11, mscratch, s11
        sd    t5, 0(s11)
        sd    t6, 8(s11)
        csrr  t5, mcause
        sd    t5, 16(s11)
        csrr  t5, mtval
        sd    t5, 24(s11)
        csrr  t5, mstatus
        sd    t5, 32(s11)
        csrr  t5, minstret
        sd    t5, 40(s11)
        csrr  t5, mepc
        sd    t5, 48(s11)
        la    t6, end
        beq   t5, t6, stop
        lhu   t6, 0(t5)
        andi  t6, t6, 3
        addi  t6, t6, -3
        addi  t5, t5, 2
        bnez  t6, short
        addi  t5, t5, 2
short:  csrw  mepc, t5
        ld    t5, 0(s11)
        ld    t6, 8(s11)
        addi  s11, s11, 56
        csrrw s11, mscratch, s11
        mret
end:    ecall
stop:   wfi
        j     stop
`;

export interface TrappingProgram {
  readonly words: readonly number[];
  readonly state: StateChange;
  readonly blocks: readonly Block[];
}

/** A program of about `length` instructions, in a mode and with pages drawn at random. */
export function trappingProgram(random: Random, length: number): TrappingProgram {
  const generator = new SequenceGenerator(random, repertoire());
  const words: number[] = [];
  while (words.length < length) {
    if (random() % 8 === 0) words.push(...trouble(random));
    else words.push(...generator.sequence(1));
  }
  const handler = assembleText(HANDLER, RAM_BASE);
  const end = handler.labels.get('end') as number;
  const body = program(words);
  const leave = program(leaveTo(end, CODE + body.length));
  const privilege = BigInt([0, 1, 1, 3][random() % 4]);
  const translated = privilege < 3n && random() % 4 > 0;
  const tables = mapAll(random, privilege === 0n);
  return {
    words,
    state: stateOf(random, privilege, translated ? tables.satp(random() % 4) : 0n, translated),
    blocks: [
      { address: RAM_BASE, bytes: handler.bytes },
      { address: CODE, bytes: Uint8Array.of(...body, ...leave) },
      { address: DATA, bytes: Uint8Array.from({ length: 8192 }, () => random() >>> 11) },
      tables.block,
    ],
  };
}

/** Jumps from behind the code to `to`, by way of x5. */
function leaveTo(to: number, behind: number): number[] {
  const offset = to - behind;
  const high = (offset + 0x800) & ~0xfff;
  return [assemble('auipc', { rd: 5, imm: high }), assemble('jalr', { rs1: 5, imm: offset - high })];
}

function mapAll(random: Random, isUser: boolean): PageTables {
  const tables = new PageTables(3, TABLES, 8).map(BigInt(RAM_BASE), RAM_BASE, isUser ? ALL | US : ALL, 1);
  const own = isUser ? US : 0;
  const kinds = [ALL, ALL, V | RD | AC, V | RD | WR, V | RD | WR | AC, ALL ^ EX, 0, V | EX | AC, V | RD | WR | AC | DI];
  for (const [page, at] of [[VA - 4096n, DATA] as const, [VA, DATA + 4096] as const]) {
    const flags = kinds[random() % kinds.length] | (random() % 8 ? own : own ^ US);
    tables.map(page, at, flags);
  }
  return tables;
}

function stateOf(random: Random, privilege: bigint, satp: bigint, translated: boolean): StateChange {
  const x: Record<number, bigint> = {};
  const f: Record<number, bigint> = {};
  for (let i = 1; i < 32; i++) x[i] = randomInteger(random);
  for (let i = 0; i < 32; i++) f[i] = randomFloat(random);
  x[3] = translated ? VA : BigInt(DATA + 4096);
  for (const pointer of [2, 8, 9]) x[pointer] = x[3];
  x[4] = 1n;
  const status = (BigInt(random() % 4) << 18n) | (BigInt(random() % 4) << 13n) | (10n << 32n);
  return {
    ...EVERYTHING_ALLOWED,
    x,
    f,
    fields: {
      ...{ pc: BigInt(CODE), privilege, satp, mtvec: BigInt(RAM_BASE), mscratch: BigInt(LOG), mstatus: status },
      menvcfg: (BigInt(random() & 1) << 61n) | BigInt(random() & 0xd0),
      senvcfg: BigInt(random() & 0xd0),
      frm: BigInt(random() % 8),
      fflags: BigInt(random() % 32),
    },
  };
}

/** One thing that goes wrong, or may. */
function trouble(random: Random): number[] {
  const rs1 = random() % 32;
  const float = { fd: 1, fs1: random() % 32, fs2: random() % 32 };
  switch (random() % 10) {
    case 0:
      // The opcode of long instructions, which are none here.
      return [(random() | 0x7f) >>> 0];
    case 1:
      return [[0, 0x9c41, 0x6101][random() % 3]];
    case 2:
      return [assemble('ecall')];
    case 3:
      return [assemble(random() & 1 ? 'ebreak' : 'c.ebreak')];
    case 4:
      return [assemble('addi', { rd: 9, rs1: 3, imm: (random() % 64) - 32 }), assemble('amoadd.w', { rd: 10, rs1: 9 })];
    case 5:
      return [assemble('addi', { rd: 9, rs1: 3, imm: (random() % 64) - 32 }), assemble('lr.d', { rd: 10, rs1: 9 })];
    case 6:
      return [assemble(['ld', 'lbu', 'lw', 'lhu'][random() % 4], { rd: 10, rs1 })];
    case 7:
      return [
        assemble('fadd.s', { ...float, rm: 7 }),
        assemble('csrrwi', { csr: csrNumber('frm'), zimm: random() % 8 }),
      ];
    case 8:
      return [assemble('csrrs', { rd: 11, csr: csrNumber(['instret', 'sstatus', 'mepc', 'cycle'][random() % 4]) })];
    default:
      return [assemble('addi', { rd: 9, rs1: 3, imm: (random() % 256) - 128 }), assemble('cbo.flush', { rs1: 9 })];
  }
}
