/** The engines that run in this process, and how two of them are compared. */
import { expect } from 'vitest';
import { CompilerEngine } from './compiler-engine.ts';
import type { ArchState, Engine } from './engine.ts';
import { InterpreterEngine } from './interpreter-engine.ts';
import { ReferenceEngine } from './reference-engine.ts';

/** By name. A new engine is added here, and runs everything. */
export const engines: Readonly<Record<string, (ramBytes?: number) => Engine>> = {
  reference: (ramBytes) => new ReferenceEngine(ramBytes),
  interpreter: (ramBytes) => new InterpreterEngine(ramBytes),
  compiler: (ramBytes) => new CompilerEngine(ramBytes),
};

const made = new Map<string, Engine>();

/** One engine of a kind, made once for each test file: an engine is reused by `load`. */
export function engineOf(name: string, ramBytes = 4 << 20): Engine {
  const key = `${name} ${ramBytes}`;
  const engine = made.get(key) ?? engines[name](ramBytes);
  made.set(key, engine);
  return engine;
}

/** A state as text, one register a line, without what is zero. */
export function stateText(state: ArchState): string[] {
  const line = (name: string, value: bigint): string[] => (value === 0n ? [] : [`${name} 0x${value.toString(16)}`]);
  const numbered = (name: string, values: readonly bigint[]): string[] =>
    values.flatMap((value, i) => line(`${name}${i}`, value));
  return [
    ...numbered('x', state.x),
    ...numbered('f', state.f),
    ...Object.entries(state.fields).flatMap(([name, value]) => line(name, value)),
    ...numbered('pmpcfg', state.pmpcfg),
    ...numbered('pmpaddr', state.pmpaddr),
    ...numbered('mhpmcounter', state.mhpmcounter),
    ...line('mip', state.mip),
  ];
}

/** Addresses and bytes of the first places where two memories differ. */
export function memoryDifferences(base: number, a: Uint8Array, b: Uint8Array): string[] {
  if (
    Buffer.compare(Buffer.from(a.buffer, a.byteOffset, a.length), Buffer.from(b.buffer, b.byteOffset, b.length)) === 0
  )
    return [];
  const found: string[] = [];
  for (let i = 0; i < a.length && found.length < 8; i++) {
    if (a[i] !== b[i]) found.push(`0x${(base + i).toString(16)}: ${a[i].toString(16)} ${b[i].toString(16)}`);
  }
  return found;
}

/** Expects two engines to be in the same state, memory included. */
export function expectSame(actual: Engine, expected: Engine): void {
  expect(stateText(actual.read())).toEqual(stateText(expected.read()));
  const [a, b] = [actual, expected].map((engine) => engine.memory(0x8000_0000, engine.ramBytes));
  expect(memoryDifferences(0x8000_0000, a, b)).toEqual([]);
}
