/**
 * Sets of guest registers, and which of them the instructions of a region read and write. Registers are numbered x0 to
 * x31, then f0 to f31; a set has a bit for each.
 */
import { FLOAT_CSRS } from '../isa/csr.ts';
import { instructions } from '../isa/table.ts';
import type { Decoded } from '../isa/decode.ts';

export type RegisterSet = bigint;

export const FIRST_FLOAT = 32;
export const NO_REGISTERS = 0n;
/** x0 is no register: it is always 0. */
const ALL = ~1n;

export const setOf = (register: number): RegisterSet => (1n << BigInt(register)) & ALL;

/** The registers of a set, in order. */
export function registersOf(set: RegisterSet): number[] {
  const found: number[] = [];
  let [low, high] = [Number(set & 0xffff_ffffn), Number((set >> 32n) & 0xffff_ffffn)];
  for (let i = 0; low !== 0; i++, low >>>= 1) if ((low & 1) !== 0) found.push(i);
  for (let i = FIRST_FLOAT; high !== 0; i++, high >>>= 1) if ((high & 1) !== 0) found.push(i);
  return found;
}

interface Uses {
  readonly x: readonly ('rs1' | 'rs2')[];
  readonly f: readonly ('rs1' | 'rs2' | 'rs3')[];
  readonly writes: 'x' | 'f' | undefined;
  readonly mayLeave: boolean;
  readonly isFloat: boolean;
  readonly isCsr: boolean;
}

const uses: readonly Uses[] = instructions.map(({ operands, kind }) => {
  const names = new Set(operands.split(/[^a-z0-9]+/));
  const isFloat = [...names].some((name) => /^f[ds]\d?$/.test(name));
  const isCsr = names.has('csr');
  return {
    x: (['rs1', 'rs2'] as const).filter((name) => names.has(name)),
    f: (['rs1', 'rs2', 'rs3'] as const).filter((name) => names.has(`f${name.slice(1)}`)),
    writes: names.has('rd') ? 'x' : names.has('fd') ? 'f' : undefined,
    mayLeave: isFloat || isCsr || (operands.includes('(rs1)') && kind === 'plain'),
    isFloat,
    isCsr,
  };
});

export function readsOf(decoded: Decoded): RegisterSet {
  const { x, f } = uses[decoded.number];
  let set = NO_REGISTERS;
  for (const name of x) set |= setOf(decoded[name]);
  for (const name of f) set |= setOf(FIRST_FLOAT + decoded[name]);
  return set;
}

/** The register that is written; 0 for none. */
export function writtenBy(decoded: Decoded): number {
  const { writes } = uses[decoded.number];
  return writes === 'x' ? decoded.rd : writes === 'f' ? FIRST_FLOAT + decoded.rd : 0;
}

export const isCsr = ({ number }: Decoded): boolean => uses[number].isCsr;
const isFloatCsr = (decoded: Decoded): boolean => isCsr(decoded) && FLOAT_CSRS.has(decoded.imm);
/** Whether the instruction accesses a CSR of which more is known only when it has been done: see core/hart/privileged.ts. */
export const isOtherCsr = (decoded: Decoded): boolean => isCsr(decoded) && !FLOAT_CSRS.has(decoded.imm);
/** Whether an instruction that accesses a CSR writes it (RISC-V unprivileged, chapter "Zicsr"). */
export const writesCsr = ({ number, rs1 }: Decoded): boolean =>
  instructions[number].mnemonic.startsWith('csrrw') || rs1 !== 0;

/** Whether the instruction may turn out to be one for the interpreter: it accesses memory, or needs mstatus.FS. */
export const mayLeave = ({ number }: Decoded): boolean => uses[number].mayLeave;
/** Whether the instruction needs mstatus.FS. */
export const isFloat = (decoded: Decoded): boolean => uses[decoded.number].isFloat || isFloatCsr(decoded);

const ONLY_READS = /^(fs[wd]|fclass\.[sd]|fmv\.x\.[wd])$/;
const dirties = instructions.map(({ mnemonic }, number) => uses[number].isFloat && !ONLY_READS.test(mnemonic));
/** Whether the instruction makes mstatus.FS Dirty. */
export const dirtiesFloat = (decoded: Decoded): boolean =>
  dirties[decoded.number] || (isFloatCsr(decoded) && writesCsr(decoded));
