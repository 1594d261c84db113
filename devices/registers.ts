/**
 * Registers as tables, for every device: name as in the specification, offset, width, and what a read and a write do
 * (a register without `write` is read-only, one without `read` is write-only).
 *
 * The table's interpreter alone knows about access width:
 *
 *   - an access of exactly one register calls it;
 *   - an access that covers several registers is split, in ascending order; gaps read 0;
 *   - a narrower access reads the register and takes its part of it, or merges its part into what the register reads
 *     (into 0 where it cannot be read);
 *   - a register marked `wholeOnly` (reading or writing it has an effect that half an access must not have) reads 0
 *     and ignores writes unless it is accessed whole.
 *
 * Reads give unsigned values of the register's width; values given to `write` are unsigned and fit.
 */
import type { AccessWidth, RegisterDevice } from './device.ts';

interface Place {
  /** As in the specification. */
  readonly name: string;
  /** Of the first one, in bytes from the start of the block. */
  readonly offset: number;
  /** How many there are of it (1), `stride` bytes apart (its width). Each call is told which, from 0. */
  readonly count?: number;
  readonly stride?: number;
  /** Narrower accesses have no effect. */
  readonly wholeOnly?: boolean;
}

/** A register of 1, 2 or 4 bytes. */
export interface NarrowRegister extends Place {
  readonly width: AccessWidth;
  readonly read?: (index: number) => number;
  readonly write?: (value: number, index: number) => void;
}

/** A register of 8 bytes. It is reached in two accesses of 4, each of which is a part of it. */
export interface WideRegister extends Place {
  readonly width: 8;
  readonly read?: (index: number) => bigint;
  readonly write?: (value: bigint, index: number) => void;
}

export type Register = NarrowRegister | WideRegister;

/** One register with its place in the block. */
interface Cell {
  readonly register: Register;
  readonly offset: number;
  readonly index: number;
}

/** A block of registers, `size` bytes long. Throws when two stand in one place or have one name. */
export function registerTable(size: number, registers: readonly Register[]): RegisterDevice {
  const cells = cellsByOffset(registers, size);

  const cellAt = (offset: number): Cell | undefined => {
    for (let into = 0; into < 8; into++) {
      const cell = cells.get(offset - into);
      if (cell !== undefined) return into < cell.register.width ? cell : undefined;
    }
    return undefined;
  };

  /** Calls `visit` for each part of `[offset, offset + width)` that lies in one register. */
  const split = (offset: number, width: number, visit: (cell: Cell, at: number, bytes: number) => void): void => {
    const end = offset + width;
    for (let at = offset; at < end;) {
      const cell = cellAt(at);
      const bytes = cell === undefined ? 1 : Math.min(cell.offset + cell.register.width, end) - at;
      if (cell !== undefined) visit(cell, at, bytes);
      at += bytes;
    }
  };

  return {
    size,
    read(offset, width) {
      const cell = cells.get(offset);
      if (cell !== undefined && cell.register.width === width) {
        return truncate(cell.register.read?.(cell.index) ?? 0, width);
      }
      let value = 0;
      split(offset, width, (part, at, bytes) => {
        value += readPart(part, at, bytes) * 2 ** ((at - offset) * 8);
      });
      return value;
    },
    write(offset, width, value) {
      const cell = cells.get(offset);
      if (cell !== undefined && cell.register.width === width) {
        return cell.register.write?.(truncate(value, width), cell.index);
      }
      split(offset, width, (part, at, bytes) => writePart(part, at, bytes, value >>> ((at - offset) * 8)));
    },
  };
}

function cellsByOffset(registers: readonly Register[], size: number): Map<number, Cell> {
  const names = new Set<string>();
  const cells: Cell[] = [];
  for (const register of registers) {
    const { name, offset, width, count = 1, stride = width } = register;
    if (names.has(name)) throw new RangeError(`two registers are named ${name}`);
    names.add(name);
    for (let index = 0; index < count; index++) cells.push({ register, offset: offset + index * stride, index });
  }
  cells.sort((a, b) => a.offset - b.offset);
  let end = 0;
  for (const { register, offset } of cells) {
    if (offset < end) throw new RangeError(`register ${register.name} overlaps another`);
    end = offset + register.width;
    if (end > size) throw new RangeError(`register ${register.name} is outside of its block of ${size} bytes`);
  }
  return new Map(cells.map((cell) => [cell.offset, cell]));
}

/** The low `bytes` (1 to 4) bytes of `value`, unsigned. */
function truncate(value: number, bytes: number): number {
  return bytes === 4 ? value >>> 0 : value & (2 ** (bytes * 8) - 1);
}

function readPart({ register, offset, index }: Cell, at: number, bytes: number): number {
  const shift = (at - offset) * 8;
  if (register.width === 8) {
    const value = register.read?.(index) ?? 0n;
    return Number(BigInt.asUintN(bytes * 8, value >> BigInt(shift)));
  }
  if (register.wholeOnly === true && bytes !== register.width) return 0;
  return truncate((register.read?.(index) ?? 0) >>> shift, bytes);
}

/** Writes the low `bytes` bytes of `value` into a register, at the place in it that `at` says. */
function writePart({ register, offset, index }: Cell, at: number, bytes: number, value: number): void {
  if (register.write === undefined) return;
  const shift = (at - offset) * 8;
  const part = truncate(value, bytes);
  if (register.width === 8) {
    const mask = BigInt.asUintN(bytes * 8, -1n) << BigInt(shift);
    const rest = BigInt.asUintN(64, register.read?.(index) ?? 0n) & ~mask;
    return register.write(rest | (BigInt(part) << BigInt(shift)), index);
  }
  if (bytes === register.width) return register.write(part, index);
  if (register.wholeOnly === true) return;
  const rest = (register.read?.(index) ?? 0) & ~(truncate(-1, bytes) << shift);
  register.write(truncate(rest | (part << shift), register.width), index);
}
