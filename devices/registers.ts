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

/** One register, or a row of them, with what the table derives from it. */
interface Row {
  readonly register: Register;
  readonly first: number;
  readonly end: number;
  readonly stride: number;
}

/** A block of registers, `size` bytes long. Throws when two stand in one place or have one name. */
export function registerTable(size: number, registers: readonly Register[]): RegisterDevice {
  const rows = registers.map(makeRow).sort((a, b) => a.first - b.first);
  checkRows(rows, size);
  /** The registers that stand alone, by offset: nearly all accesses are of one of them, whole. */
  const alone = new Map<number, NarrowRegister>();
  for (const { register } of rows) {
    if (register.width !== 8 && register.count === undefined) alone.set(register.offset, register);
  }

  /** Calls `visit` for each part of `[offset, offset + width)` that lies in one register. */
  const split = (offset: number, width: number, visit: (row: Row, at: number, bytes: number) => void): void => {
    const end = offset + width;
    for (let at = offset; at < end;) {
      const row = rows.find((candidate) => at < candidate.end);
      if (row === undefined) return;
      const into = at < row.first ? -1 : (at - row.first) % row.stride;
      if (into < 0 || into >= row.register.width) {
        at++;
        continue;
      }
      const bytes = Math.min(row.register.width - into, end - at);
      visit(row, at, bytes);
      at += bytes;
    }
  };

  return {
    size,
    read(offset, width) {
      const whole = alone.get(offset);
      if (whole?.width === width) return truncate(whole.read?.(0) ?? 0, width);
      let value = 0;
      split(offset, width, (row, at, bytes) => {
        value += readPart(row, at, bytes) * 2 ** ((at - offset) * 8);
      });
      return value;
    },
    write(offset, width, value) {
      const whole = alone.get(offset);
      if (whole?.width === width) return whole.write?.(truncate(value, width), 0);
      split(offset, width, (row, at, bytes) => {
        writePart(row, at, bytes, truncate(Math.floor((value >>> 0) / 2 ** ((at - offset) * 8)), bytes));
      });
    },
  };
}

function makeRow(register: Register): Row {
  const { offset, width, count = 1, stride = width } = register;
  return { register, first: offset, end: offset + (count - 1) * stride + width, stride };
}

function checkRows(rows: readonly Row[], size: number): void {
  const names = new Set<string>();
  let end = 0;
  for (const row of rows) {
    const { name, width } = row.register;
    if (names.has(name)) throw new RangeError(`two registers are named ${name}`);
    names.add(name);
    if (row.first < end || row.stride < width) throw new RangeError(`register ${name} overlaps another`);
    end = row.end;
    if (end > size) throw new RangeError(`register ${name} is outside of its block of ${size} bytes`);
  }
}

/** The low `bytes` (1 to 4) bytes of `value`, unsigned. */
function truncate(value: number, bytes: number): number {
  return bytes === 4 ? value >>> 0 : value & (2 ** (bytes * 8) - 1);
}

function readPart({ register, first, stride }: Row, at: number, bytes: number): number {
  const index = Math.floor((at - first) / stride);
  const shift = ((at - first) % stride) * 8;
  if (register.width === 8) {
    const value = register.read?.(index) ?? 0n;
    return Number(BigInt.asUintN(bytes * 8, value >> BigInt(shift)));
  }
  if (register.wholeOnly === true && bytes !== register.width) return 0;
  return truncate((register.read?.(index) ?? 0) >>> shift, bytes);
}

function writePart({ register, first, stride }: Row, at: number, bytes: number, part: number): void {
  if (register.write === undefined) return;
  const index = Math.floor((at - first) / stride);
  const shift = ((at - first) % stride) * 8;
  if (register.width === 8) {
    const low = BigInt(shift);
    const mask = BigInt.asUintN(bytes * 8, -1n) << low;
    const value = BigInt.asUintN(64, register.read?.(index) ?? 0n);
    register.write((value & ~mask) | (BigInt(part) << low), index);
    return;
  }
  if (bytes === register.width) return register.write(part, index);
  if (register.wholeOnly === true) return;
  const mask = truncate(-1, bytes) << shift;
  const value = register.read?.(index) ?? 0;
  register.write(truncate((value & ~mask) | (part << shift), register.width), index);
}
