/**
 * What the routines of one hart share while their code is generated: the module, where the hart's state stands, and
 * the functions that call each other. Addresses are constants: each hart's module is its own.
 */
import type { MemoryMap, HartMap } from '../shared/memory-map.ts';
import { HartState } from '../shared/hart-state.ts';
import { access, i32, type Callee, type Expr, type Operand } from '../wasm/expr.ts';
import type { FunctionBuilder } from '../wasm/function.ts';
import type { ModuleBuilder } from '../wasm/module.ts';

type Offsets = typeof HartState.at;
export type HartField = keyof Offsets;

/** The host's part of a hart. Addresses and pointers are offsets into the shared memory. */
export interface HostFunctions {
  /** Decodes the instruction of the blank entry at `entry`. */
  decode: (entry: number) => void;
  /** Decodes the instruction that begins in the last parcel of the page of `entry` into the entry before `next`. */
  straddle: (entry: number, next: number) => void;
  /** The decoded page for guest page number `page`. */
  decodedPage: (page: number) => number;
  /** The raw instruction at `entry`, for the trap value of an illegal instruction. */
  rawInstruction: (entry: number) => number;
  /** Reads or writes a device register; the value is in `transfer`. Raises an access fault where no device is. */
  mmioRead: (address: number, width: number) => void;
  mmioWrite: (address: number, width: number) => void;
  /** Reads the clock into `time`. */
  readTime: () => void;
  /** `stimecmp` or its enabling changed: sets or clears STIP. */
  timerChanged: () => void;
  /** Drops decoded pages that were written. */
  fenceI: () => void;
  /** A page that held code was written. */
  codeWritten: (page: number) => void;
}

const HOST_SIGNATURES: Readonly<Record<keyof HostFunctions, readonly [number, number]>> = {
  decode: [1, 0],
  straddle: [2, 0],
  decodedPage: [1, 1],
  rawInstruction: [1, 1],
  mmioRead: [2, 0],
  mmioWrite: [2, 0],
  readTime: [0, 0],
  timerChanged: [0, 0],
  fenceI: [0, 0],
  codeWritten: [1, 0],
};

export class HartCode {
  readonly module: ModuleBuilder;
  readonly memory: MemoryMap;
  readonly map: HartMap;
  readonly host: Readonly<Record<keyof HostFunctions, Callee>>;

  constructor(module: ModuleBuilder, memory: MemoryMap, hart: number) {
    this.module = module;
    this.memory = memory;
    this.map = memory.harts[hart];
    const host: Partial<Record<keyof HostFunctions, Callee>> = {};
    for (const name of Object.keys(HOST_SIGNATURES) as (keyof HostFunctions)[]) {
      const [params, results] = HOST_SIGNATURES[name];
      host[name] = module.import(name, Array<'i32'>(params).fill('i32'), Array<'i32'>(results).fill('i32'));
    }
    this.host = host as Record<keyof HostFunctions, Callee>;
  }

  /** Offset of a field of this hart. */
  at(field: HartField): number {
    return this.map.state + HartState.at[field];
  }

  load64(field: HartField, index = 0): Expr {
    return access('i64.load', 0, this.at(field) + index * 8);
  }
  load32(field: HartField): Expr {
    return access('i32.load', 0, this.at(field));
  }
  /** A word that other threads write. */
  loadAtomic(field: HartField): Expr {
    return access('i32.atomic.load', 0, this.at(field));
  }
  store64(f: FunctionBuilder, field: HartField, value: Operand, index = 0): void {
    f.store('i64.store', 0, this.at(field) + index * 8, value);
  }
  store32(f: FunctionBuilder, field: HartField, value: Operand): void {
    f.store('i32.store', 0, this.at(field), value);
  }
  /** Adds 1 to a counter for people. */
  count(f: FunctionBuilder, field: HartField): void {
    this.store64(f, field, this.load64(field).add(1));
  }

  /** Notes an exception to be taken by whoever called: cause, and the value for `stval`. */
  except(f: FunctionBuilder, cause: Operand, tval: Operand): void {
    this.store32(f, 'exception', 1);
    this.store32(f, 'exceptionCause', cause);
    this.store64(f, 'exceptionTval', tval);
  }
}

/** Offset 0 of the shared memory, which no structure uses: "none". */
export const NONE: Expr = i32(0);
