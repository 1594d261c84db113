/**
 * One instruction in one state of the machine, many times over: a bare-metal program that sets the state up from a
 * record, enters a mode, executes the record's instruction, and logs what came of it. It runs in QEMU and in every
 * engine, and the logs are compared.
 *
 *   slot      the record's instruction, then EBREAK; `entry` may be elsewhere, where pages are that a fetch is to try
 *   registers t0, t1 operands, t2 result, s0 record, s1 log, s2 counts passes through the supervisor's handler
 */
import { X_NAMES } from '../../../isa/register-names.ts';
import { assembleText } from '../../../isa/assemble-text.ts';
import { RAM_BASE, type Block } from '../../testing/engine.ts';

/** The fields of a record, in order; CSRs by their names. */
export const RECORD = [
  ...(['entry', 'mode', 'word', 't0', 't1'] as const),
  ...(['pmpaddr0', 'pmpaddr1', 'pmpaddr2', 'pmpcfg0', 'satp', 'menvcfg', 'senvcfg', 'medeleg', 'mideleg'] as const),
  ...(['mie', 'mip', 'mcounteren', 'scounteren', 'mcountinhibit', 'sepc', 'sscratch', 'fcsr', 'mepc'] as const),
  'mstatus',
] as const;
export type RecordField = (typeof RECORD)[number];
export type PrivilegedRecord = Record<RecordField, bigint>;

/** What is logged of each record, in order. */
export const LOGGED = [
  ...(['mcause', 'mepc', 'mtval', 'mstatus', 'mip', 'mie', 'medeleg', 'mideleg', 'sepc', 'scause', 'stval'] as const),
  ...(['satp', 'mcounteren', 'scounteren', 'mcountinhibit', 'menvcfg', 'senvcfg', 'sscratch', 'fcsr'] as const),
  ...(['t2', 's2'] as const),
] as const;

const CSRS_SET = RECORD.slice(5, -2);
const CSRS_LOGGED = LOGGED.slice(0, -2);
const ENTRY_BYTES = LOGGED.length * 8;

export interface PrivilegedProgram {
  readonly blocks: readonly Block[];
  readonly log: { readonly address: number; readonly length: number };
  /** Address of the slot, and of the EBREAK where returns lead. */
  readonly slot: bigint;
  readonly landing: bigint;
}

/** Where the records' number and the records are, and the log; the code is before. */
const RECORDS = RAM_BASE + 0x1000;
const LOG = RAM_BASE + 0x8_0000;

/** The program for records that `make` makes, given where the slot and the landing are. */
export function privilegedProgram(
  make: (slot: bigint, landing: bigint) => readonly PrivilegedRecord[],
  more: readonly Block[] = [],
): PrivilegedProgram {
  const { bytes, labels } = assembleText(TEXT, RAM_BASE);
  const [slot, landing] = ['slot', 'landing'].map((label) => BigInt(labels.get(label) as number));
  const records = make(slot, landing);
  const words = new BigUint64Array([
    BigInt(records.length),
    ...records.flatMap((record) => RECORD.map((field) => record[field])),
  ]);
  if (words.byteLength > LOG - RECORDS) throw new RangeError(`${records.length} records are too many`);
  const blocks = [{ address: RAM_BASE, bytes }, { address: RECORDS, bytes: new Uint8Array(words.buffer) }, ...more];
  return { blocks, log: { address: LOG, length: records.length * ENTRY_BYTES }, slot, landing };
}

/** The log's entries by name. */
export function entriesOf(log: Uint8Array): Record<(typeof LOGGED)[number], bigint>[] {
  const words = new BigUint64Array(log.slice().buffer);
  return Array.from({ length: words.length / LOGGED.length }, (_, i) => {
    const fields = LOGGED.map((name, j) => [name, words[i * LOGGED.length + j]] as const);
    return Object.fromEntries(fields) as Record<(typeof LOGGED)[number], bigint>;
  });
}

const load = (name: RecordField, register: string): string => `ld ${register}, ${RECORD.indexOf(name) * 8}(s0)`;

const TEXT = `
        ${X_NAMES.slice(1)
          .map((name) => `li ${name}, 0`)
          .join('\n')}
        li   t0, -1
        csrw pmpaddr3, t0
        li   t0, 0x1f000000
        csrw pmpcfg0, t0
        li   s0, ${RECORDS}
        ld   s3, 0(s0)
        addi s0, s0, 8
        li   s1, ${LOG}
next:   beqz s3, end
        li   t0, 0x6000
        csrw mstatus, t0
        la   t0, handler
        csrw mtvec, t0
        la   t0, supervisor
        csrw stvec, t0
        csrw mcause, zero
        csrw mtval, zero
        csrw scause, zero
        csrw stval, zero
        la   t3, slot
        ${load('word', 't0')}
        sw   t0, 0(t3)
        fence.i
        ${CSRS_SET.map((csr) => `${load(csr, 't0')}\n csrw ${csr}, t0`).join('\n')}
        sfence.vma zero, zero
        li   t2, 0
        li   s2, 0
        ${load('mode', 't4')}
        ${load('mstatus', 't5')}
        ${load('entry', 't3')}
        addi t4, t4, -3
        beqz t4, machine
        csrw mepc, t3
        csrw mstatus, t5
        ${load('t0', 't0')}
        ${load('t1', 't1')}
        mret
machine: ${load('mepc', 't0')}
        csrw mepc, t0
        ${load('t0', 't0')}
        ${load('t1', 't1')}
        csrw mstatus, t5
        jr   t3
        .align 64
slot:   nop
landing: ebreak
        .align 64
supervisor:
        addi s2, s2, 1
        ecall
        .align 64
handler:
        ${CSRS_LOGGED.slice(0, -1)
          .map((csr, i) => `csrr t3, ${csr}\n sd t3, ${i * 8}(s1)`)
          .join('\n')}
        li   t3, 0x6000
        csrw mstatus, t3
        csrr t3, fcsr
        sd   t3, ${LOGGED.indexOf('fcsr') * 8}(s1)
        sd   t2, ${LOGGED.indexOf('t2') * 8}(s1)
        sd   s2, ${LOGGED.indexOf('s2') * 8}(s1)
        csrw satp, zero
        csrw mie, zero
        addi s0, s0, ${RECORD.length * 8}
        addi s1, s1, ${ENTRY_BYTES}
        addi s3, s3, -1
        j    next
end:    la   t0, stop
        csrw mtvec, t0
        li   t0, 0x100000
        li   t1, 0x7777
        sw   t1, 0(t0)
        .align 64
stop:   wfi`;
