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
  /** As a disk, it has to be imported. Why, for a person: ends the sentence "It will be imported, since …". */
  readonly importOnly?: string;
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

/** Names of compressed files that are disks, whatever their bytes may say. */
const DISK_NAME = /\.(img|raw|iso|disk|ext[234])\.\w+$/i;

/** What tells a file apart, as far as it is known. */
export interface Beginning {
  /** Its first bytes. */
  readonly head: Uint8Array;
  /** In bytes. */
  readonly size: number;
  readonly name?: string;
  /** The first bytes of what is compressed in it. */
  readonly inner?: Uint8Array | undefined;
}

const isCpio = (head: Uint8Array): boolean =>
  CPIO.some((magic) => starts(head, ...[...magic].map((digit) => digit.charCodeAt(0))));

/** gzip and zstd can be an initramfs or a disk, others an initramfs alone. */
function identifyCompressed(by: string, { name = '', inner }: Beginning): Identity {
  if (by !== 'gzip' && by !== 'zstd') return { role: 'initrd', what: `initramfs, compressed by ${by}` };
  const isDisk = DISK_NAME.test(name) || (inner !== undefined && inner.length > 0 && !isCpio(inner));
  const importOnly = 'what is compressed is not read in place';
  if (isDisk) return { role: 'disk', what: `disk image, compressed by ${by}`, importOnly };
  return { role: 'initrd', what: `initramfs, compressed by ${by}`, importOnly };
}

/** Tells what a file is. Whatever is nothing else is a disk. */
export function identify(file: Beginning): Identity {
  const { head, size } = file;
  if (size === 0) return { role: 'disk', what: 'empty file', fault: 'This file is empty.' };
  if (isRiscvImage(head)) return { role: 'kernel', what: 'Linux kernel for RISC-V' };
  if (isElf(head)) return identifyElf(head);
  if (isCpio(head)) return { role: 'initrd', what: 'initramfs (cpio)' };
  const compressed = COMPRESSED.find(([, ...magic]) => starts(head, ...magic));
  if (compressed !== undefined) return identifyCompressed(compressed[0], file);
  if (starts(head, 0x51, 0x46, 0x49, 0xfb)) return { role: 'disk', what: 'qcow2 disk image' };
  const error = notBootable(head, 'file');
  if (error instanceof BootError && (error.problem === 'other-architecture' || error.problem === 'compressed')) {
    return { role: 'kernel', what: 'kernel that cannot start here', fault: sentence(error.message) };
  }
  const importOnly = 'its size is no whole number of 512-byte sectors, and is filled up with zeroes';
  return { role: 'disk', what: diskKind(head), ...(size % 512 !== 0 && { importOnly }) };
}

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

function diskKind(head: Uint8Array): string {
  if (word(head, 0x438) === 0xef53) return 'ext4 file system';
  if (starts(head, 0x68, 0x73, 0x71, 0x73)) return 'squashfs file system';
  if (word(head, 510) === 0xaa55) return 'disk image with partitions';
  return 'raw disk image';
}
