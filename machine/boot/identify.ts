/** What a file given as a kernel is, by its first bytes; for messages that say what to do about it. */
import { BootError } from './errors.ts';

interface Signature {
  readonly at: number;
  readonly bytes: readonly number[];
}
const ascii = (at: number, text: string): Signature => ({ at, bytes: [...text].map((char) => char.charCodeAt(0)) });

const COMPRESSED: readonly (Signature & { by: string; tool: string })[] = [
  { at: 0, bytes: [0x1f, 0x8b], by: 'gzip', tool: 'gunzip' },
  { at: 0, bytes: [0x28, 0xb5, 0x2f, 0xfd], by: 'zstd', tool: 'unzstd' },
  { at: 0, bytes: [0xfd, 0x37, 0x7a, 0x58, 0x5a], by: 'xz', tool: 'unxz' },
  { ...ascii(0, 'BZh'), by: 'bzip2', tool: 'bunzip2' },
  { at: 0, bytes: [0x02, 0x21, 0x4c, 0x18], by: 'lz4', tool: 'unlz4' },
  { at: 0, bytes: [0x04, 0x22, 0x4d, 0x18], by: 'lz4', tool: 'unlz4' },
  { at: 0, bytes: [0x5d, 0, 0], by: 'lzma', tool: 'unlzma' },
];

/** The machine word of a PE header, PE Format, "Machine Types". */
const PE_MACHINES: Partial<Record<number, string>> = {
  0x14c: 'i386',
  0x1c2: 'ARM',
  0x8664: 'x86-64',
  0xaa64: 'ARM64',
  0x5032: 'RISC-V, 32 bits',
  0x6264: 'LoongArch',
};

const OTHER: readonly (Signature & { what: string })[] = [
  { ...ascii(0, '070701'), what: 'a cpio archive, which is an initramfs' },
  {
    ...ascii(0, '!<arch>'),
    what: 'an archive of the kind that Debian packages are: unpack it, and give the kernel in it',
  },
  { ...ascii(0, 'hsqs'), what: 'a squashfs file system: give it as a disk' },
  { ...ascii(0, 'QFI\xfb'), what: 'a qcow2 disk image: give it as a disk' },
  { ...ascii(0, '#!'), what: 'a script' },
  { ...ascii(0, '<'), what: 'a web page; the address that it was fetched from may be wrong' },
  { at: 0, bytes: [0xd0, 0x0d, 0xfe, 0xed], what: 'a device tree; this machine makes its own' },
  { at: 0x438, bytes: [0x53, 0xef], what: 'an ext2, ext3 or ext4 file system: give it as a disk' },
];

function has(file: Uint8Array, { at, bytes }: Signature): boolean {
  return bytes.every((byte, i) => file[at + i] === byte);
}

export function isElf(file: Uint8Array): boolean {
  return has(file, ascii(0, '\x7fELF'));
}

/** True for the RISC-V Linux kernel's `Image`: `magic2` is "RSC\x05". */
export function isRiscvImage(file: Uint8Array): boolean {
  return has(file, ascii(56, 'RSC\x05'));
}

/** The error for a file that is neither a RISC-V `Image` nor an ELF; `role` is what it was given as. */
export function notBootable(file: Uint8Array, role: string): BootError {
  if (file.length === 0) return new BootError('not-a-kernel', `the ${role} is an empty file`);
  const compressed = COMPRESSED.find((signature) => has(file, signature));
  if (compressed !== undefined) {
    const { by, tool } = compressed;
    return new BootError(
      'compressed',
      `the ${role} is compressed by ${by}: unpack it with ${tool}, and give the result`,
    );
  }
  if (has(file, ascii(0, 'MZ')) && has(file, ascii(4, 'zimg'))) {
    const by = String.fromCharCode(...file.subarray(0x18, 0x20)).replace(/[^a-z0-9].*/, '');
    const message = `the ${role} is an EFI image with a kernel compressed by ${by} inside: give the kernel's Image`;
    return new BootError('compressed', message);
  }
  const architecture = foreignArchitecture(file);
  if (architecture !== undefined) {
    const message = `the ${role} is for ${architecture}; this machine is riscv64: give a kernel of that architecture`;
    return new BootError('other-architecture', message);
  }
  const other = OTHER.find((signature) => has(file, signature));
  const what = other === undefined ? 'neither a RISC-V Linux Image nor an ELF file' : other.what;
  return new BootError('not-a-kernel', `the ${role} is not a kernel, it is ${what}`);
}

function foreignArchitecture(file: Uint8Array): string | undefined {
  if (has(file, ascii(56, 'ARM\x64'))) return 'ARM64';
  if (has(file, ascii(0x202, 'HdrS'))) return 'x86';
  if (!has(file, ascii(0, 'MZ')) || file.length < 0x40) return undefined;
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const header = view.getUint32(0x3c, true);
  if (header + 6 > file.length || !has(file, ascii(header, 'PE\0\0'))) return undefined;
  return PE_MACHINES[view.getUint16(header + 4, true)];
}
