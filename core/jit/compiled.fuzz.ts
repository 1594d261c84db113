/** Compiled code against the interpreter over random programs that trap often; see testing/random-program.ts. */
import { expect } from 'vitest';

import { assemble, program } from '../isa/assemble.ts';
import { seededRandom, type Random } from '../hart/float/testing/operands.ts';
import { MSTATUS, ENVCFG } from '../isa/mstatus.ts';
import type { HartView } from '../shared/hart-state.ts';
import type { CompilerOptions } from './testing/compiled-hart.ts';
import { DEVICE, Lockstep, RAM } from './testing/lockstep.ts';
import { POINTERS, randomProgram } from './testing/random-program.ts';

const CODE = RAM + 0x4f80;
const TRAP = RAM + 0x2000;
const DATA = RAM + 0x1_0000;
const TABLES = RAM + 0x20_0000;
const PAGE = 4096;
const DATA_PAGES = 16;
/** Where S-mode sees the lowest 2 MiB of RAM. */
const VIRTUAL = 0x20_0000_0000;

/** Flags of page-table entries: all one may do, read-only, not accessed yet, not dirty yet, for U-mode, absent. */
const PERMISSIONS = [0xcf, 0xcf, 0xcf, 0xc3, 0x0f, 0x4f, 0xdf, 0x00];

/** Runs so many programs of `seed`, and throws where the engines differ. */
export function fuzzCompiled(seed: number, runs: number, options: CompilerOptions): void {
  const random = seededRandom(seed);
  const pair = new Lockstep(options);
  for (let run = 0; run < runs; run++) {
    try {
      oneProgram(pair, random, run % 2 === 1);
    } catch (cause) {
      throw new Error(`program ${run} of seed ${seed} with ${JSON.stringify(options)}`, { cause });
    }
  }
}

function oneProgram(pair: Lockstep, random: Random, translated: boolean): void {
  const words = [...randomProgram(random, 40), assemble('wfi')];
  const offset = translated ? VIRTUAL - RAM : 0;
  pair.write(CODE, program(words));
  pair.write(TRAP, program([assemble('wfi')]));
  pair.write(
    DATA,
    Uint8Array.from({ length: DATA_PAGES * PAGE }, () => random() >>> 13),
  );
  pair.write(TABLES, tables(random));
  const registers = randomRegisters(random, offset);
  const end = BigInt(CODE + offset + program(words).length);
  pair.change((view) => {
    begin(view, registers);
    view.pc = BigInt(CODE + offset);
    view.mtvec = BigInt(TRAP);
    view.satp = translated ? (8n << 60n) | BigInt(TABLES / PAGE) : 0n;
    view.privilege = translated ? 1 : 3;
  });
  for (let traps = 0; ; traps++) {
    pair.run();
    if (pair.view.pc === end) break;
    expect(traps).toBeLessThan(words.length * 100);
    resume(pair, offset);
  }
  pair.compareMemory(DATA, DATA_PAGES * PAGE);
  pair.compareMemory(TABLES, 3 * PAGE);
}

/** Goes on behind the instruction that trapped. */
function resume(pair: Lockstep, offset: number): void {
  const at = Number(pair.view.mepc) - offset;
  const length = (pair.compiled.ram.readU16(at) & 3) === 3 ? 4 : 2;
  pair.change((view) => {
    view.pc = view.mepc + BigInt(length);
    view.privilege = Number((view.mstatus & MSTATUS.MPP) >> 11n);
  });
}

interface Registers {
  readonly x: readonly bigint[];
  readonly f: readonly bigint[];
  readonly frm: number;
  readonly fs: bigint;
  readonly adue: bigint;
}

function begin(view: HartView, { x, f, frm, fs, adue }: Registers): void {
  view.x.set(x);
  view.f.set(f);
  view.frm = frm;
  // One entry that lets S-mode use all memory.
  view.pmpcfg[0] = 0x1fn;
  view.pmpaddr[0] = (1n << 54n) - 1n;
  view.fflags = 0;
  view.mstatus = (view.mstatus & ~MSTATUS.FS) | (fs << 13n);
  view.menvcfg = ENVCFG.CBZE | adue;
}

function randomRegisters(random: Random, offset: number): Registers {
  const word = (): bigint => (BigInt(random()) << 32n) | BigInt(random());
  const special = [0n, 1n, -1n, 1n << 63n, 0x7fc0_0000n, 0x3ff0_0000_0000_0000n, 0xffff_ffff_3f80_0000n];
  const value = (): bigint => BigInt.asUintN(64, random() & 1 ? word() : special[random() % special.length]);
  const x = Array.from({ length: 32 }, value);
  x[0] = 0n;
  for (const register of POINTERS) x[register] = BigInt(pointer(random, offset));
  const [frm, fs] = [[0, 0, 1, 2, 3, 4, 5, 7][random() % 8], BigInt([3, 3, 2, 1, 0][random() % 5])];
  return { x, f: Array.from({ length: 32 }, value), frm, fs, adue: random() & 1 ? ENVCFG.ADUE : 0n };
}

/** Mostly into the data, aligned or at the end of a page; else a device, behind RAM, or nowhere. */
function pointer(random: Random, offset: number): number {
  const page = DATA + offset + (random() % DATA_PAGES) * PAGE;
  switch (random() % 8) {
    case 0:
      return DEVICE;
    case 1:
      return RAM + (4 << 20) - 4;
    case 2:
      return page + PAGE - (random() % 16);
    default:
      return page + (random() % 512) * 8;
  }
}

/** Sv39 tables: one root, one middle, one of leaves, for 2 MiB. Pages of data that are neighbours lie anywhere among them. */
function tables(random: Random): Uint8Array {
  const entries = new BigUint64Array((3 * PAGE) / 8);
  const entry = (address: number, flags: number): bigint => (BigInt(address / PAGE) << 10n) | BigInt(flags);
  entries[VIRTUAL / 2 ** 30] = entry(TABLES + PAGE, 1);
  entries[PAGE / 8] = entry(TABLES + 2 * PAGE, 1);
  const data = Array.from({ length: DATA_PAGES }, (_, i) => DATA + i * PAGE);
  for (let page = 0; page < 512; page++) {
    const address = RAM + page * PAGE;
    const isData = address >= DATA && address < DATA + DATA_PAGES * PAGE;
    const [mapped] = isData ? data.splice(random() % data.length, 1) : [address];
    entries[(2 * PAGE) / 8 + page] = entry(mapped, isData ? PERMISSIONS[random() % PERMISSIONS.length] : 0xcf);
  }
  return new Uint8Array(entries.buffer);
}
