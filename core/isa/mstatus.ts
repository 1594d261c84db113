/** Bits of `mstatus` and its kin (privileged architecture, "Machine Status (mstatus and mstatush) Registers"). */

const bit = (n: number): bigint => 1n << BigInt(n);

export const MSTATUS = {
  SIE: bit(1),
  MIE: bit(3),
  SPIE: bit(5),
  MPIE: bit(7),
  SPP: bit(8),
  MPP: 3n << 11n,
  FS: 3n << 13n,
  MPRV: bit(17),
  SUM: bit(18),
  MXR: bit(19),
  TVM: bit(20),
  TW: bit(21),
  TSR: bit(22),
  /** UXL and SXL are 2: 64 bits, and cannot be changed. */
  UXL: 2n << 32n,
  SXL: 2n << 34n,
  SD: bit(63),
} as const;
export const MPP_SHIFT = 11;
export const SPP_SHIFT = 8;

/** What a write of `mstatus` changes. */
export const MSTATUS_WRITABLE =
  MSTATUS.SIE |
  MSTATUS.MIE |
  MSTATUS.SPIE |
  MSTATUS.MPIE |
  MSTATUS.SPP |
  MSTATUS.MPP |
  MSTATUS.FS |
  MSTATUS.MPRV |
  MSTATUS.SUM |
  MSTATUS.MXR |
  MSTATUS.TVM |
  MSTATUS.TW |
  MSTATUS.TSR;
/** What a write of `sstatus` changes, and, with UXL and SD, what a read shows. */
export const SSTATUS_WRITABLE = MSTATUS.SIE | MSTATUS.SPIE | MSTATUS.SPP | MSTATUS.FS | MSTATUS.SUM | MSTATUS.MXR;
export const SSTATUS_READABLE = SSTATUS_WRITABLE | MSTATUS.UXL | MSTATUS.SD;
export const MSTATUS_RESET = MSTATUS.UXL | MSTATUS.SXL;

/** Bits of `menvcfg` and `senvcfg`. */
export const ENVCFG = {
  FIOM: bit(0),
  CBIE: 3n << 4n,
  CBCFE: bit(6),
  CBZE: bit(7),
  ADUE: bit(61),
  PBMTE: bit(62),
  STCE: bit(63),
};
export const SENVCFG_WRITABLE = ENVCFG.FIOM | ENVCFG.CBIE | ENVCFG.CBCFE | ENVCFG.CBZE;
export const MENVCFG_WRITABLE = SENVCFG_WRITABLE | ENVCFG.ADUE | ENVCFG.PBMTE | ENVCFG.STCE;

/** Interrupts that exist, and those that S-mode can be given. */
export const INTERRUPTS = 0xaaan;
export const S_INTERRUPTS = 0x222n;
/** Exceptions that can be delegated: all defined ones but ECALL from M-mode. */
export const DELEGABLE = 0xb3ffn;

/** Exception causes (privileged architecture, table "Machine cause register (mcause) values after trap"). */
export const Cause = {
  FETCH_ACCESS: 1,
  ILLEGAL: 2,
  BREAKPOINT: 3,
  LOAD_MISALIGNED: 4,
  LOAD_ACCESS: 5,
  STORE_MISALIGNED: 6,
  STORE_ACCESS: 7,
  ECALL_U: 8,
  ECALL_S: 9,
  ECALL_M: 11,
  FETCH_PAGE: 12,
  LOAD_PAGE: 13,
  STORE_PAGE: 15,
} as const;
