/**
 * What the routines of one hart share while their code is generated: the module, where the hart's state stands, and
 * the functions that call each other. Addresses are constants: each hart's module is its own.
 */
import type { MemoryMap, HartMap } from '../shared/memory-map.ts';
import { call, type Callee } from '../wasm/expr.ts';
import type { ModuleBuilder } from '../wasm/module.ts';
import { HartFields } from './fields.ts';

/** The host's part of a hart. Addresses and pointers are offsets into the shared memory. */
export interface HostFunctions {
  /** Decodes the instruction of the blank entry at `entry`. */
  decode: (entry: number) => void;
  /** Decodes the instruction whose first parcel is `low`, the last of a page, into the entry before the page at `next`. */
  straddle: (low: number, next: number) => void;
  /** The decoded page for guest page number `page`; 0 when the address must be translated again. */
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
  /** The entry was jumped to so often that it is worth compiling. */
  hot: (entry: number) => void;
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
  hot: [1, 0],
  fenceI: [0, 0],
  codeWritten: [1, 0],
};

export class HartCode extends HartFields {
  readonly module: ModuleBuilder;
  readonly memory: MemoryMap;
  readonly map: HartMap;
  readonly host: Readonly<Record<keyof HostFunctions, Callee>>;

  constructor(module: ModuleBuilder, memory: MemoryMap, hart: number) {
    super(memory.harts[hart]);
    this.module = module;
    this.memory = memory;
    this.map = memory.harts[hart];
    // Imports come before functions.
    const imports = Object.entries(HOST_SIGNATURES).map(([name, [params, results]]) =>
      module.import(name, Array<'i32'>(params).fill('i32'), Array<'i32'>(results).fill('i32')),
    );
    const host = imports.map((imported) => [imported.name, outOfLine(module, imported)]);
    this.host = Object.fromEntries(host) as Record<keyof HostFunctions, Callee>;
  }
}

/**
 * A function that calls an import. The host's compiler keeps what it takes to call an import in registers from a
 * function's first instruction on; the interpreter has none to spare.
 */
function outOfLine(module: ModuleBuilder, imported: Callee): Callee {
  const params = Object.fromEntries(imported.params.map((type, i) => [`p${i}`, type]));
  const f = module.function(`host_${imported.name}`, params, imported.results);
  const args = Object.values(f.args);
  if (imported.results.length > 0) f.return(call(imported, ...args));
  else f.call(imported, ...args);
  return f;
}
