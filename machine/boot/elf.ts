/**
 * ELF files for RISC-V, 64 bits, little-endian (System V ABI, chapters 4 and 5; RISC-V ELF psABI): a kernel, a
 * bare-metal program or a firmware. The file is anybody's: every offset in it is checked before it is followed.
 */
import { BootError } from './errors.ts';

/** A PT_LOAD segment that has a size. */
export interface Segment {
  readonly vaddr: bigint;
  readonly paddr: bigint;
  /** What the file gives of it. */
  readonly bytes: Uint8Array;
  /** Bytes in memory, at least those of the file; the rest is zero. */
  readonly size: bigint;
}

export interface ElfFile {
  readonly entry: bigint;
  readonly segments: readonly Segment[];
  /** True when it can be placed anywhere (ET_DYN). */
  readonly relocatable: boolean;
  /** Values of the symbols that were asked for, as far as they are there. */
  readonly symbols: ReadonlyMap<string, bigint>;
}

const ET_EXEC = 2;
const ET_DYN = 3;
const EM_RISCV = 243;
const PT_LOAD = 1;
const PT_INTERP = 3;
const SHT_SYMTAB = 2;
const PROGRAM_HEADER_SIZE = 56;
const SECTION_HEADER_SIZE = 64;
const SYMBOL_SIZE = 24;

/** Other machines that people have kernels for. */
const MACHINES: Partial<Record<number, string>> = {
  3: 'i386',
  40: 'ARM',
  62: 'x86-64',
  183: 'ARM64',
  258: 'LoongArch',
};

/** Reads a file that begins as an ELF. Throws {@link BootError}; `role` is what it was given as. */
export function readElf(file: Uint8Array, role: string, symbolNames: readonly string[] = []): ElfFile {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (file.length < 64) throw new BootError('damaged', `the ${role} is cut off: fetch or copy it again`);
  checkIdentity(view, role);

  const segments: Segment[] = [];
  const headers = table(view, { at: view.getBigUint64(32, true), count: view.getUint16(56, true) }, role, {
    size: PROGRAM_HEADER_SIZE,
    entrySize: view.getUint16(54, true),
  });
  for (const at of headers) {
    const type = view.getUint32(at, true);
    if (type === PT_INTERP) {
      throw new BootError('not-a-kernel', `the ${role} is a program for Linux, not for a machine without one`);
    }
    const word = (offset: number): bigint => view.getBigUint64(at + offset, true);
    const size = word(40);
    if (type !== PT_LOAD || size === 0n) continue;
    if (word(32) > size) throw damaged(role);
    segments.push({ vaddr: word(16), paddr: word(24), bytes: slice(file, word(8), word(32), role), size });
  }
  if (segments.length === 0) throw new BootError('not-a-kernel', `the ${role} has nothing that could be loaded`);
  return {
    entry: view.getBigUint64(24, true),
    segments,
    relocatable: view.getUint16(16, true) === ET_DYN,
    symbols: symbolNames.length === 0 ? new Map() : readSymbols(file, view, symbolNames),
  };
}

function checkIdentity(view: DataView, role: string): void {
  const machine = view.getUint16(18, true);
  if (machine !== EM_RISCV) {
    const what = MACHINES[machine] ?? 'another architecture';
    const message = `the ${role} is for ${what}; this machine is riscv64: give a ${role} of that architecture`;
    throw new BootError('other-architecture', message);
  }
  if (view.getUint8(4) !== 2 || view.getUint8(5) !== 1) {
    throw new BootError('other-architecture', `the ${role} is for RISC-V of 32 bits; this machine has 64`);
  }
  const type = view.getUint16(16, true);
  if (type !== ET_EXEC && type !== ET_DYN) {
    throw new BootError('not-a-kernel', `the ${role} is an object file: link it first`);
  }
}

/** The offsets of a table's entries, which all lie in the file. */
function table(
  view: DataView,
  { at, count }: { at: bigint; count: number },
  role: string,
  { size, entrySize }: { size: number; entrySize: number },
): number[] {
  if (count > 0 && (entrySize !== size || at + BigInt(count * size) > BigInt(view.byteLength))) throw damaged(role);
  return Array.from({ length: count }, (_, i) => Number(at) + i * size);
}

function slice(file: Uint8Array, at: bigint, size: bigint, role: string): Uint8Array {
  if (at + size > BigInt(file.length)) throw damaged(role);
  return file.subarray(Number(at), Number(at + size));
}

function damaged(role: string): BootError {
  return new BootError('damaged', `the ${role} is damaged or cut off: fetch or copy it again`);
}

/** Finds symbols in the first symbol table. A file whose tables make no sense has no symbols; it may still run. */
function readSymbols(file: Uint8Array, view: DataView, names: readonly string[]): Map<string, bigint> {
  const found = new Map<string, bigint>();
  const sections = Number(view.getBigUint64(40, true));
  const count = view.getUint16(60, true);
  if (view.getUint16(58, true) !== SECTION_HEADER_SIZE) return found;
  if (sections + count * SECTION_HEADER_SIZE > file.length) return found;
  const section = (index: number): { type: number; at: number; size: number; link: number } => {
    const at = sections + index * SECTION_HEADER_SIZE;
    return {
      type: view.getUint32(at + 4, true),
      at: Number(view.getBigUint64(at + 24, true)),
      size: Number(view.getBigUint64(at + 32, true)),
      link: view.getUint32(at + 40, true),
    };
  };
  const symbols = Array.from({ length: count }, (_, i) => section(i)).find(({ type }) => type === SHT_SYMTAB);
  if (symbols === undefined || symbols.link >= count) return found;
  const strings = section(symbols.link);
  if (symbols.at + symbols.size > file.length || strings.at + strings.size > file.length) return found;
  const wanted = names.map((name) => ({ name, bytes: new TextEncoder().encode(`${name}\0`) }));
  for (let at = symbols.at; at + SYMBOL_SIZE <= symbols.at + symbols.size; at += SYMBOL_SIZE) {
    const nameAt = view.getUint32(at, true);
    const match = wanted.find(
      ({ bytes }) =>
        nameAt + bytes.length <= strings.size && bytes.every((byte, i) => file[strings.at + nameAt + i] === byte),
    );
    if (match !== undefined) found.set(match.name, view.getBigUint64(at + 8, true));
  }
  return found;
}
