/** Says what a person's file is, by its content, before the machine has to. */

import { BootError } from '../../machine/boot/errors.ts';
import { isElf, isRiscvImage, notBootable } from '../../machine/boot/identify.ts';

/** What a file can be to the machine. */
export type Role = 'kernel' | 'initrd' | 'disk' | 'firmware';

export interface Identity {
  /** What it is most likely for; the person may choose another. */
  readonly role: Role;
  /** What it is, for a person: "Linux kernel for RISC-V". */
  readonly what: string;
  /** Why it cannot be used as it is, and what to do. */
  readonly fault?: string;
}

/** Bytes of a file's beginning that `identify` looks at. */
export const HEAD_SIZE = 4096;

const starts = (head: Uint8Array, ...bytes: number[]): boolean => bytes.every((byte, i) => head[i] === byte);
const word = (head: Uint8Array, at: number): number => (head[at] ?? 0) | ((head[at + 1] ?? 0) << 8);

const CPIO = ['070701', '070702', '070707'];
const COMPRESSED: readonly (readonly [by: string, ...magic: number[]])[] = [
  ['gzip', 0x1f, 0x8b],
  ['zstd', 0x28, 0xb5, 0x2f, 0xfd],
  ['xz', 0xfd, 0x37, 0x7a, 0x58, 0x5a],
  ['bzip2', 0x42, 0x5a, 0x68],
  ['lz4', 0x02, 0x21, 0x4c, 0x18],
  ['lzma', 0x5d, 0x00, 0x00],
];

/** ELF-64 Object File Format, "File Header": e_ident[EI_CLASS], and e_machine, for which the psABI says 243. */
const ELFCLASS64 = 2;
const EM_RISCV = 243;

function identifyElf(head: Uint8Array): Identity {
  if (head[4] === ELFCLASS64 && word(head, 18) === EM_RISCV) return { role: 'kernel', what: 'RISC-V program (ELF)' };
  const fault = 'This program is not for 64-bit RISC-V, so this machine cannot run it.';
  return { role: 'kernel', what: 'program for another processor (ELF)', fault };
}

/** Tells by the first bytes of a file, and by its size, what it is. Whatever is nothing else is a disk. */
export function identify(head: Uint8Array, size: number): Identity {
  if (size === 0) return { role: 'disk', what: 'empty file', fault: 'This file is empty.' };
  if (isRiscvImage(head)) return { role: 'kernel', what: 'Linux kernel for RISC-V' };
  if (isElf(head)) return identifyElf(head);
  if (CPIO.some((magic) => starts(head, ...[...magic].map((digit) => digit.charCodeAt(0))))) {
    return { role: 'initrd', what: 'initramfs (cpio)' };
  }
  const compressed = COMPRESSED.find(([, ...magic]) => starts(head, ...magic));
  if (compressed !== undefined) {
    return { role: 'initrd', what: `initramfs, compressed by ${compressed[0]}` };
  }
  if (starts(head, 0x51, 0x46, 0x49, 0xfb)) return { role: 'disk', what: 'qcow2 disk image' };
  const error = notBootable(head, 'file');
  if (error instanceof BootError && (error.problem === 'other-architecture' || error.problem === 'compressed')) {
    return { role: 'kernel', what: 'kernel that cannot start here', fault: sentence(error.message) };
  }
  const whole = size % 512 === 0;
  const fault = 'Its size is not a whole number of 512-byte sectors, so it is no raw disk image.';
  return { role: 'disk', what: diskKind(head), ...(!whole && { fault }) };
}

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

function diskKind(head: Uint8Array): string {
  if (word(head, 0x438) === 0xef53) return 'ext4 file system';
  if (starts(head, 0x68, 0x73, 0x71, 0x73)) return 'squashfs file system';
  if (word(head, 510) === 0xaa55) return 'disk image with partitions';
  return 'raw disk image';
}
