/**
 * The header of the RISC-V Linux kernel's `Image` (Documentation/arch/riscv/boot-image-header.rst), 64 bytes,
 * little-endian:
 *
 *    0 code0   4 code1   8 text_offset   16 image_size   24 flags   32 version   36 res1   40 res2
 *   48 magic  56 magic2 "RSC\x05"        60 res3 (offset of the PE header, when it is an EFI program too)
 */
import { BootError } from './errors.ts';
import { isRiscvImage, notBootable } from './identify.ts';

export interface KernelImage {
  /** Where it goes, from the start of RAM. */
  readonly textOffset: number;
  /** Bytes of RAM that it takes, with what is behind the file's end. */
  readonly imageSize: number;
}

const HEADER_SIZE = 64;
const FLAG_BIG_ENDIAN = 1n;
/** What `text_offset` must be aligned to: a megapage. */
const ALIGNMENT = 2 ** 21;

/** Reads the header. Throws {@link BootError} for whatever is not a whole, little-endian RISC-V kernel. */
export function readImage(file: Uint8Array): KernelImage {
  if (!isRiscvImage(file) || file.length < HEADER_SIZE) throw notBootable(file, 'kernel');
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const textOffset = view.getBigUint64(8, true);
  const imageSize = view.getBigUint64(16, true);
  if ((view.getBigUint64(24, true) & FLAG_BIG_ENDIAN) !== 0n) {
    throw new BootError('other-architecture', 'the kernel is big-endian; this machine runs little-endian kernels');
  }
  const major = view.getUint32(32, true) >>> 16;
  if (major !== 0) {
    throw new BootError('not-a-kernel', `the kernel's header has version ${major}.x, and only 0.x is known`);
  }
  // An image of size 0 is older than the field: it takes what the file has, and some room for its data.
  const size = imageSize === 0n ? BigInt(file.length) : imageSize;
  if (textOffset % BigInt(ALIGNMENT) !== 0n || textOffset + size > 2n ** 40n) {
    throw new BootError('damaged', "the kernel's header is damaged: fetch or copy the file again");
  }
  const expected = peFileSize(view);
  if (expected !== undefined && file.length < expected) {
    throw new BootError(
      'damaged',
      `the kernel is cut off: ${expected} bytes are expected, ${file.length} are there; fetch or copy it again`,
    );
  }
  return { textOffset: Number(textOffset), imageSize: Math.max(Number(size), file.length) };
}

/**
 * Bytes that the file must have by its PE header, if it has one: the header's own `image_size` counts the kernel's
 * zeroed data, which is not in the file, so that it cannot tell whether the file is whole.
 */
function peFileSize(view: DataView): number | undefined {
  const header = view.getUint32(60, true);
  const PE_SIGNATURE = 0x4550;
  if (header < HEADER_SIZE || header + 24 > view.byteLength || view.getUint32(header, true) !== PE_SIGNATURE) {
    return undefined;
  }
  const sections = view.getUint16(header + 6, true);
  const table = header + 24 + view.getUint16(header + 20, true);
  let end = 0;
  for (let section = 0; section < sections; section++) {
    const at = table + section * 40;
    if (at + 40 > view.byteLength) return at + 40;
    end = Math.max(end, view.getUint32(at + 20, true) + view.getUint32(at + 16, true));
  }
  return end;
}
