/** Random records for privileged-program.ts: CSR accesses, returns and fences in all modes; accesses through page tables and PMP. */
import { assemble } from '../../../isa/assemble.ts';
import { csrs } from '../../../isa/csr.ts';
import { decode, mnemonicOf } from '../../../isa/decode.ts';
import { instructions, rows } from '../../../isa/table.ts';
import type { Random } from '../../../hart/float/testing/operands.ts';
import type { Block } from '../../testing/engine.ts';
import { R } from '../../testing/assembler.ts';
import { randomInteger } from '../../testing/inputs.ts';
import type { PrivilegedRecord } from './privileged-program.ts';

const pick = <T>(random: Random, from: readonly T[]): T => from[random() % from.length];
const bits64 = (random: Random): bigint => (BigInt(random()) << 32n) | BigInt(random());

/** UXL and SXL, which QEMU lets be written. */
const WIDTHS = 10n << 32n;

/** Everything open, in M-mode, nothing enabled. */
function plainRecord(slot: bigint, landing: bigint): PrivilegedRecord {
  return {
    ...{ entry: slot, mode: 3n, word: BigInt(assemble('addi')), t0: 0n, t1: 0n },
    ...{ pmpaddr0: 0n, pmpaddr1: 0n, pmpaddr2: 0n, pmpcfg0: 0x1f00_0000n },
    ...{ satp: 0n, menvcfg: 0n, senvcfg: 0n, medeleg: 0n, mideleg: 0n, mie: 0n, mip: 0n },
    ...{ mcounteren: 0n, scounteren: 0n, mcountinhibit: 0n, sepc: landing, sscratch: 0n, fcsr: 0n, mepc: landing },
    mstatus: WIDTHS,
  };
}

// --- CSRs, returns, fences -----------------------------------------------------------------------------------------

const COUNTERS = /^(m?(cycle|instret|hpmcounter\d+)|time)$/;
/** Registers whose contents are the implementation's, or on which the program itself stands. */
const READ_ONLY_HERE = /^(mtvec|stvec|stimecmp|pmp.*|mhpm.*|misa|m(vendor|arch|imp)id|mconfigptr|mcycle|minstret)$/;
const UNREADABLE = /^(mtvec|stvec|stimecmp|pmp.*|mhpm.*|misa|m(vendor|arch|imp)id|mconfigptr)$/;
const WRITTEN = csrs.filter(({ name }) => !COUNTERS.test(name) && !READ_ONLY_HERE.test(name));

/** ECALL from S-mode is the way to M-mode, so it is not delegated; nor is what QEMU does not let delegate. */
const DELEGABLE = 0xb1ffn;
const STATUS = 0x7e_79aan;
/** Not MTIP, which the outside clock decides. */
const ENABLES = 0xa2an;

/** A record with one privileged instruction. */
export function instructionRecord(random: Random, slot: bigint, landing: bigint): PrivilegedRecord {
  const mode = pick(random, [0n, 1n, 3n]);
  const some = (mask: bigint): bigint => bits64(random) & pick(random, [mask, mask, 0n]);
  const status = WIDTHS | (some(STATUS) & ~0x2_1800n) | (mode << 11n);
  const record: PrivilegedRecord = {
    ...plainRecord(slot, landing),
    mode,
    t0: randomInteger(random),
    t1: randomInteger(random),
    // Interrupts would be taken before the instruction where they are enabled for the mode; mostly they are not.
    mstatus: mode === 3n ? (status & ~0x1800n) | (pick(random, [0n, 1n, 3n]) << 11n) : status,
    medeleg: some(DELEGABLE),
    mideleg: some(0x222n),
    mie: random() % 4 ? 0n : some(ENABLES),
    mip: some(0x222n),
    menvcfg: some(0x41n << 0n),
    senvcfg: some(0x41n),
    mcounteren: some(0xffff_ffffn),
    scounteren: some(0xffff_ffffn),
    sscratch: randomInteger(random),
    fcsr: BigInt(random() % 256),
  };
  record.word = BigInt(instructionWord(random, record));
  return record;
}

function instructionWord(random: Random, record: PrivilegedRecord): number {
  const draw = random() % 10;
  if (draw < 7) return csrWord(random, record);
  const rs = { rs1: pick(random, [0, R.t0]), rs2: pick(random, [0, R.t1]) };
  const simple = [
    ...['mret', 'sret', 'ecall', 'ebreak'].map((name) => assemble(name)),
    ...['sfence.vma', 'sinval.vma'].map((name) => assemble(name, rs)),
    ...[assemble('fadd.d', { fd: 1, rm: pick(random, [0, 7]) }), assemble('fence.i'), 0, 0xffff_ffff],
  ];
  // QEMU before 8 has them legal in U-mode.
  if (record.mode > 0n) simple.push(assemble('sfence.w.inval'), assemble('sfence.inval.ir'));
  // A WFI that is not illegal would wait.
  if (record.mode === 0n) simple.push(assemble('wfi'));
  return pick(random, simple);
}

function csrWord(random: Random, record: PrivilegedRecord): number {
  const mnemonic = pick(random, ['csrrw', 'csrrs', 'csrrc', 'csrrwi', 'csrrsi', 'csrrci', 'csrrs', 'csrrs']);
  const counters = csrs.filter(({ name }) => COUNTERS.test(name));
  const csr = random() % 5 ? pick(random, WRITTEN) : pick(random, random() % 2 ? counters : csrs);
  const onlyReads = READ_ONLY_HERE.test(csr.name) || COUNTERS.test(csr.name);
  const readOnly = csr.number >> 10 === 3;
  const rd = UNREADABLE.test(csr.name) || COUNTERS.test(csr.name) ? 0 : R.t2;
  // Writing what is read-only by its number is illegal, which is to be seen; what is not must not be written.
  if (onlyReads && !readOnly) return assemble('csrrs', { rd, csr: csr.number });
  // To set or clear no bits is a write all the same, but not in QEMU.
  if (record.t0 === 0n) record.t0 = 1n;
  // VS and XS are QEMU's alone, and SD says of them too; UXL and SXL it lets be written.
  if (csr.name.endsWith('status')) record.t0 = (record.t0 & ~(0x1_8600n | (15n << 32n))) | WIDTHS;
  if (csr.name === 'mie' || csr.name === 'sie') record.t0 &= ~0x80n;
  // CBIE 2 is reserved: QEMU keeps it, here the old value stays.
  if (csr.name.endsWith('envcfg')) record.t0 = (record.t0 & ~0x30n) | ((record.t0 & 0x10n) * 3n);
  // Nor is translation turned on: where its tables are not in memory, QEMU has page faults instead of access faults.
  if (csr.name === 'satp') record.t0 = BigInt.asUintN(60, record.t0) || 1n;
  // Not STCE: with it STIP is the clock's.
  if (csr.name === 'menvcfg') record.t0 = BigInt.asUintN(63, record.t0);
  const source = mnemonic.endsWith('i') ? { zimm: random() % 32 } : { rs1: pick(random, [0, R.t0]) };
  return assemble(mnemonic, { rd, csr: csr.number, ...source });
}

// --- words near the encodings ----------------------------------------------------------------------------------------

const LEGAL_IN_U = ['sfence.w.inval', 'sfence.inval.ir'];
/** What QEMU 7 lacks or has wrong; and an SC that fails, which need not look whether it might store. */
const NOT_COMPARED = new Set(['czero.eqz', 'czero.nez', 'ctzw', 'sc.w', 'sc.d', ...LEGAL_IN_U]);
const [LOAD, LOAD_FP, AMO, STORE, STORE_FP] = [0x03, 0x07, 0x2f, 0x23, 0x27];

/**
 * A record with a word that is an instruction, or nearly one, in U-mode, which may only execute and read the page of the
 * program: what is legal shows its result in t2, what is not its trap value.
 */
export function wordRecord(random: Random, slot: bigint, landing: bigint): PrivilegedRecord {
  const program = (slot & -4096n) >> 2n;
  return {
    ...plainRecord(slot, landing),
    mode: 0n,
    word: BigInt(nearWord(random)),
    t0: randomInteger(random),
    t1: randomInteger(random),
    pmpaddr0: program + 0x1ffn,
    pmpcfg0: 0x1dn,
    fcsr: BigInt(random() % 256),
    mstatus: WIDTHS | (BigInt(random() % 4) << 13n),
  };
}

function nearWord(random: Random): number {
  const { encoding } = pick(random, rows);
  const near = (random() & ~encoding.mask) | encoding.match;
  const changed = random() % 3 ? near ^ (1 << (random() % 32)) : near;
  // Results go to t2, operands come from t0 and t1; what is no register there varies all the same.
  let word = (((changed & ~0xf80) | (pick(random, [0, R.t2, R.t2]) << 7) | 3) >>> 0) & -1;
  const opcode = word & 0x7f;
  if ([LOAD, LOAD_FP, STORE, STORE_FP, AMO].includes(opcode)) word &= ~0x800f_8000;
  const { number } = decode(word >>> 0);
  const name = mnemonicOf(word >>> 0) ?? '';
  const isJump = number >= 0 && instructions[number].kind === 'jump';
  return isJump || NOT_COMPARED.has(name) ? nearWord(random) : word >>> 0;
}

// --- page tables and PMP -------------------------------------------------------------------------------------------

const TABLES = 0x8020_0000;
const TABLE_PAGES = 48;
const PAGES = 0x8018_0000;
const PAGE_COUNT = 16;
const PAGE = 4096;
/** Begin superpages of 1 GiB and of 2 MiB. */
const PROGRAM = 0x8000_0000;
const EMPTY = 0x8040_0000;
/** Where nothing is, neither here nor on QEMU's board. */
const NOWHERE = 0x1800_0000;
/** Entries of a table that are made, and looked up. */
const INDEXES = [0, 1, 2, 255, 256, 511];

/** Tables whose entries are right, wrong in one way, or wrong in any; and the pages that leaves point to. */
export function randomTables(random: Random): readonly Block[] {
  const tables = new BigUint64Array((TABLE_PAGES * PAGE) / 8);
  for (let table = 0; table < TABLE_PAGES; table++) {
    for (const index of INDEXES) tables[(table * PAGE) / 8 + index] = randomEntry(random, table);
  }
  const pages = new Uint32Array((PAGE_COUNT * PAGE) / 4);
  // Accesses and fetches are at multiples of 8, where EBREAK is.
  pages.forEach((_, i) => (pages[i] = i % 2 === 0 ? 0x0010_0073 : random()));
  return [
    { address: PAGES, bytes: new Uint8Array(pages.buffer) },
    { address: TABLES, bytes: new Uint8Array(tables.buffer) },
  ];
}

function randomEntry(random: Random, table: number): bigint {
  const draw = random() % 20;
  // Pointers lead on to later tables, so that walks of any depth end.
  const next = BigInt(TABLES / PAGE + Math.min(table + 1 + (random() % 8), TABLE_PAGES - 1));
  const pointer = (next << 10n) | 1n;
  if (draw < 8) return pointer;
  if (draw === 8) return pointer | (1n << BigInt(4 + (random() % 4)));
  const page = pick(random, [PAGES / PAGE + (random() % PAGE_COUNT), PROGRAM / PAGE, EMPTY / PAGE]);
  const usual = pick(random, [0xcf, 0xdf, 0xd3, 0xd7, 0x0f, 0x1f, 0x4f, 0x5f, 0xc3, 0xc9, 0xd9, 0xcb]);
  // The program itself is only to be read: a superpage is needed that holds it.
  const allowed = page === PROGRAM / PAGE ? ~0xcn : ~0n;
  const flags = BigInt(draw < 17 ? usual : random() % 256) & allowed;
  const nowhere = random() % 16 === 0 ? BigInt(NOWHERE / PAGE) : BigInt(page);
  // Reserved bits and types QEMU before 8 lets pass; translation.test.ts has them.
  const pbmt = BigInt(random() % 3) << 61n;
  return (nowhere << 10n) | flags | (draw >= 15 ? pbmt : 0n);
}

/** A record with one access to an address that the tables may translate. */
export function accessRecord(random: Random, slot: bigint, landing: bigint): PrivilegedRecord {
  const levels = pick(random, [3, 4, 5]);
  const isBare = random() % 8 === 0;
  const physical = BigInt(pick(random, [PAGES, PAGES, NOWHERE]) + (random() % (PAGE_COUNT * 512)) * 8);
  const va = isBare ? physical : randomAddress(random, levels);
  const mode = pick(random, [0n, 1n]);
  const satp =
    (BigInt(levels + 5) << 60n) | (bits64(random) & (0xffffn << 44n)) | BigInt(TABLES / PAGE + (random() % 4));
  const status = WIDTHS | (bits64(random) & 0xc_0000n) | (mode << 11n) | 0x6000n;
  const isFetch = random() % 4 === 0;
  const loads = ['ld', 'lw', 'lhu', 'lb', 'lr.d', 'lr.w'].map((name) => assemble(name, { rd: R.t2, rs1: R.t0 }));
  const stores = ['sd', 'sw', 'sh', 'sb'].map((name) => assemble(name, { rs1: R.t0, rs2: R.t1 }));
  const atomics = ['amoor.d', 'amoswap.w', 'amomaxu.d'].map((name) =>
    assemble(name, { rd: R.t2, rs1: R.t0, rs2: R.t1 }),
  );
  return {
    ...plainRecord(slot, landing),
    ...randomProtection(random),
    entry: isFetch ? va : slot,
    mode: isFetch ? mode : 3n,
    // QEMU before 8 looks for an AMO's page as a load does, and may set A though the store is refused.
    word: BigInt(pick(random, [...loads, ...stores, ...(isBare ? atomics : [])])),
    t0: va,
    // What is stored is no instruction but EBREAK, since it may be fetched later.
    t1: 0x0010_0073_0010_0073n,
    satp: isBare ? 0n : satp,
    menvcfg: (1n << 62n) | (1n << 61n),
    mstatus: isFetch ? status : status | (1n << 17n),
  };
}

function randomAddress(random: Random, levels: number): bigint {
  let va = BigInt((random() % 512) * 8);
  for (let level = 0; level < levels; level++) va |= BigInt(pick(random, INDEXES)) << BigInt(12 + 9 * level);
  const canonical = BigInt.asUintN(64, BigInt.asIntN(12 + 9 * levels, va));
  // With MPRV, QEMU before 8 answers for the page that code is fetched from as in M-mode.
  if (canonical >> 12n === 0x8_0000n) return randomAddress(random, levels);
  return random() % 16 ? canonical : canonical ^ (1n << BigInt(pick(random, [38, 39, 47, 48, 56, 57, 63])));
}

/** Two entries that may hold a part of the pages, whole grains each, before the one that holds everything. */
function randomProtection(random: Random): Partial<PrivilegedRecord> {
  if (random() % 3) return {};
  const address = (): bigint => BigInt(PAGES / 4 + ((random() % (PAGE_COUNT + 1)) * PAGE) / 4);
  const size = 1 << (random() % 4);
  const napot = (): bigint => (address() & -BigInt((size * PAGE) / 4)) + BigInt((size * PAGE) / 8 - 1);
  const permissions = (): bigint => BigInt(pick(random, [0, 1, 3, 4, 5, 7]));
  const isRange = random() & 1;
  const config = isRange ? (8n | permissions()) << 8n : ((24n | permissions()) << 8n) | 24n | permissions();
  return {
    pmpaddr0: isRange ? address() : napot(),
    pmpaddr1: isRange ? address() : napot(),
    pmpcfg0: 0x1f00_0000n | config,
  };
}

/** The tables, which walks update. */
export const tablesRange = { address: TABLES, length: TABLE_PAGES * PAGE };
