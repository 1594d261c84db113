/**
 * Small privileged programs as text, run in M-mode from the beginning of RAM, with a trap handler that writes a log.
 *
 * The handler notes cause, trap value and pc, and goes on behind the instruction, or after a fetch fault at `ra`. It uses
 * t5, t6 and s11. ECALL with 1 in a7 ends the program, with 2 it goes on in M-mode.
 */
import { expect } from 'vitest';
import { assembleText } from '../../../isa/assemble-text.ts';
import { X_NAMES } from '../../../isa/register-names.ts';
import { RAM_BASE, type ArchState, type Block, type Engine, type StateChange } from '../../testing/engine.ts';

const PROLOGUE = `
        la    t0, handler
        csrw  mtvec, t0
        la    s11, log
        li    t0, -1
        csrw  pmpaddr0, t0
        li    t0, 0x1f
        csrw  pmpcfg0, t0
        li    t0, 0
        j     main
        .align 4
handler:
        csrr  t5, mcause
        csrr  t6, mtval
        sd    t5, 0(s11)
        sd    t6, 8(s11)
        csrr  t6, mepc
        sd    t6, 16(s11)
        addi  s11, s11, 24
        addi  t6, t6, 4
        addi  t5, t5, -12
        beqz  t5, handle_fetch
        addi  t5, t5, 11
        beqz  t5, handle_fetch
        addi  t5, t5, -7
        sltiu t5, t5, 4
        beqz  t5, handle_return
        addi  t5, a7, -1
        beqz  t5, end
        addi  t5, a7, -2
        bnez  t5, handle_return
        li    t5, 0x1800
        csrs  mstatus, t5
handle_return:
        csrw  mepc, t6
        mret
handle_fetch:
        csrw  mepc, ra
        mret
end:    wfi
        j     end
        .align 8
log:    .zero 4096
main:
`;

export interface LogEntry {
  readonly cause: bigint;
  readonly tval: bigint;
  readonly pc: bigint;
}

export interface Outcome {
  readonly state: ArchState;
  readonly log: readonly LogEntry[];
  /** Causes of the log, as numbers. */
  readonly causes: readonly number[];
  /** The address of a label. */
  readonly at: (label: string) => number;
  /** An integer register by name, signed. */
  readonly reg: (name: string) => bigint;
  /** A register by name, unsigned. */
  readonly bits: (name: string) => bigint;
  /** 64 bits of RAM, by address or label. */
  readonly dword: (at: string | number) => bigint;
}

export interface Setting {
  readonly state?: StateChange;
  readonly blocks?: readonly Block[];
  /** Instructions to run at most. */
  readonly budget?: number;
}

/** Ends the program, from any mode. */
export const END = '\n li a7, 1\n ecall\n';

let switches = 0;
/** Goes on in a mode: 0 U, 1 S, 3 M (from M-mode). Clobbers t0. */
export function inMode(mode: 0 | 1 | 3): string {
  const label = `mode_${switches++}`;
  return `
        la    t0, ${label}
        csrw  mepc, t0
        li    t0, 0x1800
        csrc  mstatus, t0
        li    t0, ${mode << 11}
        csrs  mstatus, t0
        mret
${label}:
`;
}

/** Goes on in M-mode from any, by an ECALL that the log shows. */
export const TO_MACHINE = `
        li    a7, 2
        ecall
        li    a7, 0
`;

/** Loads a program without running it. */
export function loadText(engine: Engine, text: string, setting: Setting = {}): ReadonlyMap<string, number> {
  const { bytes, labels } = assembleText(PROLOGUE + text, RAM_BASE);
  engine.load(setting.state ?? {}, [{ address: RAM_BASE, bytes }, ...(setting.blocks ?? [])]);
  return labels;
}

/** Runs a program to its end. */
export function runText(engine: Engine, text: string, setting: Setting = {}): Outcome {
  const labels = loadText(engine, text + END, setting);
  expect(engine.run(setting.budget ?? 20_000)).toBe('wfi');
  return outcomeOf(engine, labels);
}

/** What is to be seen of a hart after a program. */
export function outcomeOf(engine: Engine, labels: ReadonlyMap<string, number>): Outcome {
  const state = engine.read();
  const at = (label: string): number => labels.get(label) as number;
  const dword = (address: number): bigint => Buffer.from(engine.memory(address, 8).slice().buffer).readBigUInt64LE();
  const bits = (name: string): bigint => state.x[X_NAMES.indexOf(name)];
  const log: LogEntry[] = [];
  // The last entry is the end's.
  for (let entry = at('log'); entry < Number(bits('s11')) - 24; entry += 24) {
    log.push({ cause: dword(entry), tval: dword(entry + 8), pc: dword(entry + 16) });
  }
  return {
    ...{ state, log, at, bits },
    causes: log.map(({ cause }) => Number(cause)),
    reg: (name) => BigInt.asIntN(64, bits(name)),
    dword: (where) => dword(typeof where === 'string' ? at(where) : where),
  };
}
