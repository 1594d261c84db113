/** Why a hart cannot go on, in a sentence for a person. */
import type { HartView } from '../core/shared/hart-state.ts';

/** Privileged architecture, table "Machine cause register (mcause) values after trap". */
const CAUSES: Readonly<Partial<Record<number, string>>> = {
  0: 'instruction address misaligned',
  1: 'nothing to execute at the address',
  2: 'illegal instruction',
  3: 'breakpoint',
  4: 'misaligned load',
  5: 'load from where nothing is',
  6: 'misaligned store',
  7: 'store to where nothing is',
  8: 'environment call from U-mode',
  9: 'environment call from S-mode',
  11: 'environment call from M-mode',
  12: 'page fault at an instruction',
  13: 'page fault at a load',
  15: 'page fault at a store',
};
const MACHINE = 3;

/** For a hart whose trap handler traps at its first instruction, again and again. */
export function wedgedMessage(hart: HartView, index: number): string {
  const machine = hart.privilege === MACHINE;
  const cause = Number((machine ? hart.mcause : hart.scause) & 63n);
  const value = machine ? hart.mtval : hart.stval;
  const what = CAUSES[cause] ?? `cause ${cause}`;
  const where = `0x${hart.pc.toString(16)} (${machine ? 'mtvec' : 'stvec'})`;
  return `Processor ${index} cannot go on: its trap handler at ${where} traps at once: ${what}, value 0x${value.toString(16)}.`;
}
