/** Compares the logs of privileged-program.ts, leaving out what the architecture leaves open and what QEMU lacks. */
import { disassemble } from '../../../isa/disassemble.ts';
import { csrName } from '../../../isa/csr.ts';
import { DELEGABLE, MSTATUS, MSTATUS_WRITABLE, SSTATUS_WRITABLE } from '../../../isa/mstatus.ts';
import { entriesOf, LOGGED, RECORD, type PrivilegedRecord } from './privileged-program.ts';

type Entry = ReturnType<typeof entriesOf>[number];

const ALL = (1n << 64n) - 1n;
const [ILLEGAL, BREAKPOINT] = [2n, 3n];
const INTERRUPT = 1n << 63n;

/** Bits of registers that are compared: those that both machines have, and that no outside clock changes. */
const COMPARED: Readonly<Record<string, bigint>> = {
  // Without UXL and SXL, which QEMU lets be written.
  mstatus: MSTATUS_WRITABLE | MSTATUS.SD,
  sstatus: SSTATUS_WRITABLE | MSTATUS.SD,
  // Without MTIP and what belongs to the hypervisor.
  mip: 0x222n,
  sip: 0x222n,
  mie: 0xa2an,
  medeleg: DELEGABLE,
  mideleg: 0x222n,
  mcounteren: 0xffff_ffffn,
  scounteren: 0xffff_ffffn,
  mcountinhibit: 0xffff_fffdn,
  // QEMU before 8 keeps bit 0.
  sepc: ~1n & ALL,
  mepc: ~1n & ALL,
  // Without ADUE.
  menvcfg: ~(1n << 61n) & ALL,
};

/** An entry without what may differ, given the other machine's. */
function normal(record: PrivilegedRecord, entry: Entry, other: Entry): Entry {
  const masked = { ...entry };
  for (const name of LOGGED) masked[name] &= COMPARED[name] ?? ALL;
  const csr = (record.word & 0x7fn) === 0x73n ? csrName(Number(record.word >> 20n)) : '';
  masked.t2 &= COMPARED[csr] ?? ALL;
  // QEMU before 8 begins an AMO as a load, and has that one's faults; they are to be a store's, as the suite tests.
  const isAmo = (record.word & 0x7fn) === 0x2fn && record.word >> 27n !== 2n;
  if (isAmo && [5n, 7n, 13n, 15n].includes(entry.mcause)) masked.mcause = 7n;
  for (const [cause, tval] of [['mcause', 'mtval'] as const, ['scause', 'stval'] as const]) {
    // The value may be 0 for an illegal instruction, and 0 or the address for EBREAK.
    if (entry[cause] === BREAKPOINT) masked[tval] = 0n;
    if (entry[cause] === ILLEGAL && other[tval] === 0n) masked[tval] = 0n;
    // Which of several interrupts comes first QEMU decides by their numbers; traps.test.ts has the manual's order.
    if (entry[cause] & INTERRUPT && other[cause] & INTERRUPT) masked[cause] = INTERRUPT;
  }
  return masked;
}

const isDirty = (entry: Entry): boolean => (entry.mstatus & MSTATUS.FS) === MSTATUS.FS;
const hex = (value: bigint): string => `0x${value.toString(16)}`;

function describeRecord(record: PrivilegedRecord): string {
  const fields = RECORD.filter((field) => record[field] !== 0n).map((field) => `${field} ${hex(record[field])}`);
  return `${disassemble(Number(record.word))}   ${fields.join(' ')}`;
}

/** The records over which two logs differ, as text. */
export function logDifferences(records: readonly PrivilegedRecord[], ours: Uint8Array, theirs: Uint8Array): string[] {
  const [a, b] = [entriesOf(ours), entriesOf(theirs)];
  return records.flatMap((record, i) => {
    const [x, y] = [normal(record, a[i], b[i]), normal(record, b[i], a[i])];
    // FS may say Dirty though nothing was modified; never the other way round.
    if (isDirty(a[i]) && !isDirty(b[i]) && (b[i].mstatus & MSTATUS.FS) !== 0n) {
      x.mstatus &= ~(MSTATUS.FS | MSTATUS.SD);
      y.mstatus &= ~(MSTATUS.FS | MSTATUS.SD);
    }
    const names = LOGGED.filter((name) => x[name] !== y[name]);
    if (names.length === 0) return [];
    const texts = names.map((name) => `${name}: ${hex(a[i][name])}, QEMU ${hex(b[i][name])}`);
    return [`${describeRecord(record)}\n    ${texts.join('; ')}`];
  });
}
