/** An exception on its way from where it was found to the hart, which takes the trap. */
export class Trap extends Error {
  readonly exception: number;
  /** What `mtval` or `stval` gets; `undefined` for an illegal instruction, whose value is the instruction itself. */
  readonly tval: bigint | undefined;

  constructor(cause: number, tval?: bigint) {
    super(`exception ${cause}`);
    this.exception = cause;
    this.tval = tval;
  }
}

/** Kinds of access to memory. */
export type Access = 'load' | 'store' | 'fetch';

const ACCESS_FAULT: Readonly<Record<Access, number>> = { fetch: 1, load: 5, store: 7 };
const PAGE_FAULT: Readonly<Record<Access, number>> = { fetch: 12, load: 13, store: 15 };

export const accessFault = (kind: Access, address: bigint): Trap => new Trap(ACCESS_FAULT[kind], address);
export const pageFault = (kind: Access, address: bigint): Trap => new Trap(PAGE_FAULT[kind], address);
