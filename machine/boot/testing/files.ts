/** Small kernels, ELF files and firmware for tests. */

/** A RISC-V `Image` of `bytes` bytes; header fields as given. */
export function makeImage({
  bytes = 4096,
  textOffset = 0x20_0000n,
  imageSize = 0x1_0000n,
  flags = 0n,
  version = 2,
} = {}): Uint8Array {
  const image = new Uint8Array(bytes).fill(0xee);
  const view = new DataView(image.buffer);
  image.fill(0, 0, 64);
  view.setBigUint64(8, textOffset, true);
  view.setBigUint64(16, imageSize, true);
  view.setBigUint64(24, flags, true);
  view.setUint32(32, version, true);
  image.set(new TextEncoder().encode('RISCV'), 48);
  image.set(new TextEncoder().encode('RSC\x05'), 56);
  return image;
}

/** Puts a PE header with one section, which ends at `fileSize`, behind an image's own. */
export function addPeHeader(image: Uint8Array, machine: number, fileSize = image.length): Uint8Array {
  const file = image.slice();
  const view = new DataView(file.buffer);
  file.set([0x4d, 0x5a], 0);
  view.setUint32(60, 64, true);
  file.set(new TextEncoder().encode('PE\0\0'), 64);
  view.setUint16(68, machine, true);
  view.setUint16(70, 1, true);
  view.setUint16(84, 0xa0, true);
  view.setUint32(88 + 0xa0 + 16, 0x100, true);
  view.setUint32(88 + 0xa0 + 20, fileSize - 0x100, true);
  return file;
}

export interface ElfOptions {
  entry?: bigint;
  type?: number;
  machine?: number;
  class?: number;
  segments?: { type?: number; vaddr: bigint; paddr?: bigint; bytes: Uint8Array; size?: bigint }[];
  symbols?: Record<string, bigint>;
}

/** An ELF file of 64 bits: header, program headers, section headers (none, symbols, their names), then what they say. */
export function makeElf(options: ElfOptions = {}): Uint8Array {
  const { segments = [{ vaddr: 0x8000_0000n, bytes: Uint8Array.of(0x13, 0, 0, 0) }], symbols = {} } = options;
  const names = Object.keys(symbols);
  const strings = new TextEncoder().encode(['', ...names, ''].join('\0'));
  const sectionsAt = 64 + segments.length * 56;
  const symbolsAt = sectionsAt + 3 * 64;
  const stringsAt = symbolsAt + names.length * 24;
  let next = stringsAt + strings.length;
  const file = new Uint8Array(next + segments.reduce((sum, { bytes }) => sum + bytes.length, 0));
  const view = new DataView(file.buffer);
  const wide = (at: number, ...values: (bigint | number)[]): void =>
    values.forEach((value, i) => view.setBigUint64(at + i * 8, BigInt(value), true));

  file.set([0x7f, 0x45, 0x4c, 0x46, options.class ?? 2, 1, 1], 0);
  view.setUint16(16, options.type ?? 2, true);
  view.setUint16(18, options.machine ?? 243, true);
  wide(24, options.entry ?? segments[0]?.vaddr ?? 0, 64, sectionsAt);
  [64, 56, segments.length, 64, 3, 0].forEach((value, i) => view.setUint16(52 + i * 2, value, true));
  segments.forEach(({ type = 1, vaddr, paddr = vaddr, bytes, size = bytes.length }, i) => {
    view.setUint32(64 + i * 56, type, true);
    wide(72 + i * 56, next, vaddr, paddr, bytes.length, size);
    file.set(bytes, next);
    next += bytes.length;
  });
  const section = (index: number, type: number, at: number, size: number, link: number): void => {
    view.setUint32(sectionsAt + index * 64 + 4, type, true);
    wide(sectionsAt + index * 64 + 24, at, size);
    view.setUint32(sectionsAt + index * 64 + 40, link, true);
  };
  section(1, 2, symbolsAt, names.length * 24, 2);
  section(2, 3, stringsAt, strings.length, 0);
  names.forEach((name, i) => {
    view.setUint32(symbolsAt + i * 24, 1 + names.slice(0, i).join('\0').length + (i > 0 ? 1 : 0), true);
    wide(symbolsAt + i * 24 + 8, symbols[name]);
  });
  file.set(strings, stringsAt);
  return file;
}
