/**
 * The least ELF file that QEMU runs: a header, one program header, and the memory image behind them
 * (System V ABI, "ELF Header" and "Program Header").
 */
import type { Block } from '../../testing/engine.ts';

const HEADER_BYTES = 64;
const PROGRAM_HEADER_BYTES = 56;
/** Offset of the image in the file: as its address, modulo the page. */
const IMAGE_OFFSET = 0x1000;
const ET_EXEC = 2;
const EM_RISCV = 243;
const PT_LOAD = 1;
const READ_WRITE_EXECUTE = 7;
/** EF_RISCV_RVC and EF_RISCV_FLOAT_ABI_DOUBLE. */
const FLAGS = 5;

/** A static executable of blocks that begin at a page and do not overlap; it starts at the lowest. */
export function elfFile(blocks: readonly Block[]): Uint8Array {
  const base = Math.min(...blocks.map(({ address }) => address));
  const size = Math.max(...blocks.map(({ address, bytes }) => address + bytes.length)) - base;
  const file = new Uint8Array(IMAGE_OFFSET + size);
  const view = new DataView(file.buffer);
  const u16 = (at: number, value: number): void => view.setUint16(at, value, true);
  const u32 = (at: number, value: number): void => view.setUint32(at, value, true);
  const u64 = (at: number, value: number): void => view.setBigUint64(at, BigInt(value), true);
  // e_ident: magic, 64 bits, little-endian, version 1.
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  u16(16, ET_EXEC);
  u16(18, EM_RISCV);
  u32(20, 1);
  u64(24, base);
  u64(32, HEADER_BYTES);
  u32(48, FLAGS);
  u16(52, HEADER_BYTES);
  u16(54, PROGRAM_HEADER_BYTES);
  u16(56, 1);
  u32(64, PT_LOAD);
  u32(68, READ_WRITE_EXECUTE);
  u64(72, IMAGE_OFFSET);
  u64(80, base);
  u64(88, base);
  u64(96, size);
  u64(104, size);
  u64(112, IMAGE_OFFSET);
  for (const { address, bytes } of blocks) file.set(bytes, IMAGE_OFFSET + address - base);
  return file;
}
