import { ImageError } from './errors.ts';
import type { Tree } from './tree.ts';

/** Where a kernel package keeps the kernel itself. */
export function isKernel(path: string): boolean {
  return /^boot\/vmlinu[xz]-/.test(path);
}

/**
 * The kernel of an unpacked package, as the boot protocol of RISC-V Linux wants it (Documentation/arch/riscv/boot-image-header.rst):
 * an `Image` with the magic "RSC\x05" at byte 56, not compressed.
 * @throws ImageError `bad-archive`
 */
export function kernelIn(tree: Tree): Uint8Array {
  const path = tree.entries().find(([each]) => isKernel(each))?.[0];
  const image = path === undefined ? undefined : tree.file(path);
  if (image === undefined || Buffer.from(image.subarray(56, 60)).toString('latin1') !== 'RSC\u0005')
    throw new ImageError('bad-archive', 'The kernel package does not hold an uncompressed RISC-V Image.');
  return image;
}
