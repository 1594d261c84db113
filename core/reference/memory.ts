/** Loads, stores and fetches of the reference hart: translation, protection, then memory or a device. */
import { Cause, ENVCFG, MSTATUS } from '../isa/mstatus.ts';
import { PhysicalMemory, type Devices, type Width } from './physical-memory.ts';
import { isForbidden } from './protection.ts';
import type { Registers } from './registers.ts';
import { translate } from './translation.ts';
import { accessFault, Trap, type Access } from './trap.ts';

const PAGE = 4096n;
const wrap = (address: bigint): bigint => BigInt.asUintN(64, address);

export class ReferenceMemory {
  readonly physical: PhysicalMemory;
  readonly #registers: Registers;

  constructor(registers: Registers, options: { ramBase: bigint; ramBytes: number; devices: Devices }) {
    this.#registers = registers;
    this.physical = new PhysicalMemory(options.ramBase, options.ramBytes, options.devices);
  }

  /** 16 bits of an instruction, at an even address. */
  fetch(address: bigint): bigint {
    const at = this.#resolve(wrap(address), 'fetch');
    if (!this.physical.isRam(at)) throw accessFault('fetch', wrap(address));
    return this.physical.read(at, 2) as bigint;
  }

  /** Zero-extended. Across pages byte by byte, so that the fault names the first byte that faults. */
  load(address: bigint, width: Width): bigint {
    if (!staysInPage(address, width)) {
      let value = 0n;
      for (let i = 0n; i < width; i++) value |= this.load(wrap(address + i), 1) << (8n * i);
      return value;
    }
    const value = this.physical.read(this.#resolve(address, 'load'), width);
    if (value === undefined) throw accessFault('load', address);
    return value;
  }

  /** Across pages nothing is written unless both allow it. */
  store(address: bigint, width: Width, value: bigint): void {
    if (!staysInPage(address, width)) {
      this.#resolve(address, 'store');
      this.#resolve(wrap(address + BigInt(width)) & -PAGE, 'store');
      for (let i = 0n; i < width; i++) this.store(wrap(address + i), 1, value >> (8n * i));
      return;
    }
    if (!this.physical.write(this.#resolve(address, 'store'), width, value)) throw accessFault('store', address);
  }

  /** The physical address of an LR (`load`), SC or AMO (`store`), which must be aligned and in RAM. */
  atomic(address: bigint, width: 4 | 8, kind: 'load' | 'store'): bigint {
    if (address % BigInt(width) !== 0n) {
      throw new Trap(kind === 'load' ? Cause.LOAD_MISALIGNED : Cause.STORE_MISALIGNED, address);
    }
    const at = this.#resolve(address, kind);
    if (!this.physical.isRam(at)) throw accessFault(kind, address);
    return at;
  }

  /** Sign-extended. */
  readRam(address: bigint, width: 4 | 8): bigint {
    return BigInt.asIntN(width * 8, this.physical.read(address, width) as bigint);
  }
  writeRam(address: bigint, width: 4 | 8, value: bigint): void {
    this.physical.write(address, width, value);
  }

  /** CBO.ZERO. Faults name the address in rs1. */
  zeroBlock(address: bigint, size: bigint): void {
    const at = this.#resolve(address, 'store');
    if (!this.physical.isRam(at)) throw accessFault('store', address);
    for (let i = 0n; i < size; i += 8n) this.physical.write((at & -size) + i, 8, 0n);
  }

  /** CBO.INVAL, CLEAN, FLUSH: allowed where a load is; what fails is a store's fault. */
  manageBlock(address: bigint): void {
    try {
      this.#resolve(address, 'load');
    } catch (error) {
      if (!(error instanceof Trap)) throw error;
      throw new Trap(error.exception === Cause.LOAD_PAGE ? Cause.STORE_PAGE : Cause.STORE_ACCESS, error.tval);
    }
  }

  /** The physical address of an access within a page, translated and allowed by PMP. */
  #resolve(address: bigint, kind: Access): bigint {
    const { mstatus, privilege, satp, menvcfg } = this.#registers.fields;
    const modified = kind !== 'fetch' && privilege === 3n && (mstatus & MSTATUS.MPRV) !== 0n;
    const mode = Number(modified ? (mstatus & MSTATUS.MPP) >> 11n : privilege);
    let physical = address;
    if (mode < 3 && satp >> 60n !== 0n) {
      const context = {
        satp,
        mode: mode as 0 | 1,
        sum: (mstatus & MSTATUS.SUM) !== 0n,
        mxr: (mstatus & MSTATUS.MXR) !== 0n,
        adue: (menvcfg & ENVCFG.ADUE) !== 0n,
        pbmte: (menvcfg & ENVCFG.PBMTE) !== 0n,
        readEntry: (at: bigint) => this.#readEntry(at),
        writeEntry: (at: bigint, value: bigint) =>
          !this.#isForbidden(at, 'store', 1) && this.physical.write(at, 8, value),
      };
      physical = translate(context, address, kind);
    }
    if (this.#isForbidden(physical, kind, mode)) throw accessFault(kind, address);
    return physical;
  }

  /** Page tables are in RAM. */
  #readEntry(at: bigint): bigint | undefined {
    if (!this.physical.isRam(at) || this.#isForbidden(at, 'load', 1)) return undefined;
    return this.physical.read(at, 8);
  }

  #isForbidden(address: bigint, kind: Access, mode: number): boolean {
    const { arrays } = this.#registers;
    if (arrays.pmpcfg.every((register) => register === 0n)) return mode !== 3;
    return isForbidden(this.#registers.pmpEntries, arrays.pmpaddr, address, kind, mode);
  }
}

const staysInPage = (address: bigint, width: Width): boolean => (address % PAGE) + BigInt(width) <= PAGE;
