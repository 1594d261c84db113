/** Runs a program of our own on a whole machine, with its harts in threads of Node. */
import type { AssembledProgram } from '../../core/isa/assemble-text.ts';
import { RAM_BASE } from '../../core/shared/memory-map.ts';
import type { KnownPage } from '../known-code.ts';
import type { MachineDisk, MachineOptions, MachineStop } from '../machine.ts';
import { Machine } from '../machine.ts';
import { makeElf } from '../boot/testing/files.ts';
import { nodeThreads } from '../threads.node.ts';

/** Where a program for S-mode is linked to run. */
const SUPERVISOR_BASE = 0x8020_0000;

export interface RunOptions {
  readonly harts?: number;
  readonly ramBytes?: number;
  readonly disks?: readonly MachineDisk[];
  readonly firmware?: 'sbi' | 'none' | Uint8Array;
  /** Symbols that the loader is to see, by label. */
  readonly symbols?: readonly string[];
  /** In milliseconds; then the machine is stopped, and the run fails. */
  readonly patience?: number;
  readonly log?: (line: string) => void;
  /** What was hot in an earlier run. */
  readonly known?: readonly KnownPage[];
}

export interface Run {
  readonly machine: Machine;
  readonly stop: MachineStop;
  readonly output: string;
  readonly milliseconds: number;
  /** What was hot in this one. */
  readonly learned: readonly KnownPage[];
  /** The 64-bit word at a label, after the end. */
  readonly word: (label: string, index?: number) => number;
}

/** An ELF file that holds a program, entered at its first instruction. */
export function elfOf({ bytes, labels }: AssembledProgram, base: number, symbols: readonly string[] = []): Uint8Array {
  return makeElf({
    segments: [{ vaddr: BigInt(base), bytes }],
    symbols: Object.fromEntries(symbols.map((name) => [name, BigInt(labels.get(name) ?? 0)])),
  });
}

/** Where the harts of a machine are: for the message of a test that fails. */
export function whereabouts(machine: Machine): string {
  return machine.board.harts
    .map(({ pc, privilege, instret }, i) => `hart ${i} at 0x${pc.toString(16)} in mode ${privilege} after ${instret}`)
    .join(', ');
}

/** A machine with what tests do not care about filled in. */
export function testMachine(
  options: RunOptions,
  events: Pick<MachineOptions, 'onStop' | 'onOutput' | 'onLearned'>,
  memory?: WebAssembly.Memory,
): Machine {
  const { harts = 2, ramBytes = 8 << 20, disks = [], log, known = [] } = options;
  const shape = { harts, ramBytes, disks: disks.length };
  const onHostError = (error: Error): void => log?.(`host error: ${error.message}`);
  const common = { threads: nodeThreads, known, columns: 80, rows: 24, onHostError, ...(log !== undefined && { log }) };
  return new Machine({ shape, disks, ...common, ...events }, memory);
}

/** Runs `kernel` (or an assembled program) until its machine stops. */
export async function run(kernel: AssembledProgram | Uint8Array, options: RunOptions = {}): Promise<Run> {
  const { firmware = 'none', patience = 20_000, symbols } = options;
  const base = firmware === 'none' ? RAM_BASE : SUPERVISOR_BASE;
  const file = kernel instanceof Uint8Array ? kernel : elfOf(kernel, base, symbols);
  const started = performance.now();
  let output = '';
  const learned: KnownPage[] = [];
  const decoder = new TextDecoder();
  let machine: Machine | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stop = await new Promise<MachineStop>((resolve, reject) => {
    machine = testMachine(options, {
      onStop: resolve,
      onLearned: (pages) => void learned.push(...pages),
      onOutput: (bytes) => {
        output += decoder.decode(bytes, { stream: true });
      },
    });
    const made = machine;
    timer = setTimeout(() => {
      const where = whereabouts(made);
      void made.stop().then(() => reject(new Error(`still running after ${patience} ms: ${where}\n${output}`)));
    }, patience);
    made.load({ kernel: file, firmware });
    made.start();
  }).finally(() => clearTimeout(timer));
  const ended = machine as Machine;
  const word = (label: string, index = 0): number => {
    const address = kernel instanceof Uint8Array ? undefined : kernel.labels.get(label);
    if (address === undefined) throw new Error(`no label is called ${label}`);
    return ended.board.ram.readU64(address + 8 * index);
  };
  return { machine: ended, stop, output, milliseconds: performance.now() - started, word, learned };
}
