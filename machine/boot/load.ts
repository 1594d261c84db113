/**
 * Puts a guest into memory, ready to start.
 *
 *   built-in SBI    0x80000000 |  2 MiB free  | kernel (S-mode)              | device tree | initramfs |
 *   firmware file   0x80000000 | firmware (M) | kernel (S-mode), its "next"  | device tree | initramfs |
 *   no firmware     0x80000000 | program (M-mode), wherever its ELF says     | device tree |
 *
 * What a hart finds in its registers is that of QEMU's `virt` and of the SBI: a0 = hart id, a1 = device tree.
 */
import type { GuestRam } from '../../core/shared/guest-ram.ts';
import { RAM_BASE } from '../../core/shared/memory-map.ts';
import { virtDeviceTree, type BoardDescription, type Window } from '../device-tree/virt.ts';
import { readElf, type ElfFile } from './elf.ts';
import { BootError } from './errors.ts';
import { isElf, isRiscvImage, notBootable } from './identify.ts';
import { readImage } from './image.ts';
import { Placement } from './placement.ts';

export interface Guest {
  readonly ram: GuestRam;
  /** A Linux `Image`, an ELF, or, with no firmware, any binary for the start of RAM. */
  readonly kernel?: Uint8Array;
  readonly initrd?: Uint8Array;
  readonly cmdline?: string;
  /** More properties of the device tree's /chosen, for what is too long for the command line. */
  readonly chosen?: Readonly<Record<string, string>>;
  /** What runs in M-mode: the SBI that is built in, nothing but the guest itself, or a file such as OpenSBI. */
  readonly firmware?: 'sbi' | 'none' | Uint8Array;
  readonly board: Omit<BoardDescription, 'bootargs' | 'chosen' | 'initrd'>;
}

/** How the harts begin. */
export interface Entry {
  readonly mode: 'S' | 'M';
  readonly pc: bigint;
  /** For a1. */
  readonly deviceTree: number;
  /** For a2, 0 without firmware: the address of its `fw_dynamic_info`. */
  readonly dynamicInfo: number;
  /** False: hart 0 alone starts, and it starts the others through the SBI. */
  readonly allHarts: boolean;
  /** Guest-physical addresses of the ELF's symbols of these names. */
  readonly tohost?: number;
  readonly fromhost?: number;
}

/** Where a kernel goes that does not say so itself: behind 2 MiB for the firmware. */
const KERNEL_BASE = RAM_BASE + 2 ** 21;

/** Loads a guest. Throws {@link BootError}, before a byte of memory is changed. */
export function loadGuest(guest: Guest): Entry {
  const { firmware = 'sbi' } = guest;
  if (firmware === 'sbi') return loadKernel(guest);
  if (firmware === 'none') return loadBareMetal(guest);
  return loadFirmware(guest, firmware);
}

/** A kernel in S-mode, over the built-in SBI. */
function loadKernel(guest: Guest): Entry {
  const placement = new Placement(guest.ram);
  const pc = placeKernel(placement, guest.kernel);
  const deviceTree = placeRest(placement, guest);
  placement.commit();
  return { mode: 'S', pc, deviceTree, dynamicInfo: 0, allHarts: false };
}

/** A program that has the machine for itself: an ELF, or a binary for the start of RAM. */
function loadBareMetal(guest: Guest): Entry {
  const placement = new Placement(guest.ram);
  const program = placeProgram(placement, guest.kernel, 'program');
  const deviceTree = placeRest(placement, guest);
  placement.commit();
  return { mode: 'M', ...program, deviceTree, dynamicInfo: 0, allHarts: true };
}

/** A firmware in M-mode, which is told where the kernel is. */
function loadFirmware(guest: Guest, firmware: Uint8Array): Entry {
  const placement = new Placement(guest.ram);
  const program = placeProgram(placement, firmware, 'firmware');
  const next = guest.kernel === undefined ? 0n : placeKernel(placement, guest.kernel);
  const deviceTree = placeRest(placement, guest);
  const dynamicInfo = placement.putHigh('the boot parameters', dynamicInfoBytes(next));
  placement.commit();
  return { mode: 'M', ...program, deviceTree, dynamicInfo, allHarts: true };
}

/** Initramfs and device tree; returns the latter's address. */
function placeRest(placement: Placement, { board, initrd, cmdline, chosen }: Guest): number {
  let window: Window | undefined;
  if (initrd !== undefined && initrd.length > 0) {
    window = { base: placement.putHigh('the initramfs', initrd), size: initrd.length };
  }
  const tree = virtDeviceTree({
    ...board,
    ...(cmdline !== undefined && { bootargs: cmdline }),
    ...(chosen !== undefined && { chosen }),
    ...(window !== undefined && { initrd: window }),
  });
  return placement.putHigh('the device tree', tree);
}

/** Places a kernel and returns its entry. */
function placeKernel(placement: Placement, kernel: Uint8Array | undefined): bigint {
  if (kernel === undefined) throw new BootError('nothing-to-boot', 'there is no kernel: give one');
  if (isElf(kernel)) {
    const elf = readElf(kernel, 'kernel');
    return placeElf(placement, elf, 'kernel', KERNEL_BASE).physical(elf.entry);
  }
  if (!isRiscvImage(kernel)) throw notBootable(kernel, 'kernel');
  const { textOffset, imageSize } = readImage(kernel);
  placement.put('the kernel', RAM_BASE + textOffset, kernel, { size: imageSize });
  return BigInt(RAM_BASE + textOffset);
}

/** Places what runs in M-mode. */
function placeProgram(
  placement: Placement,
  file: Uint8Array | undefined,
  role: 'program' | 'firmware',
): Pick<Entry, 'pc' | 'tohost' | 'fromhost'> {
  if (file === undefined || file.length === 0) throw new BootError('nothing-to-boot', `there is no ${role}: give one`);
  if (!isElf(file)) {
    placement.put(`the ${role}`, RAM_BASE, file);
    return { pc: BigInt(RAM_BASE) };
  }
  const elf = readElf(file, role, ['tohost', 'fromhost']);
  const { physical } = placeElf(placement, elf, role, RAM_BASE);
  const symbols = Object.fromEntries([...elf.symbols].map(([name, value]) => [name, Number(physical(value))]));
  return { pc: physical(elf.entry), ...symbols };
}

/**
 * Places an ELF's segments at their physical addresses. One that can stand anywhere, and a kernel linked to run at
 * the top of the address space, whose physical addresses are counted from its own start, are moved to `base`.
 */
function placeElf(
  placement: Placement,
  elf: ElfFile,
  role: string,
  base: number,
): { physical: (address: bigint) => bigint } {
  const { segments } = elf;
  const lowest = segments.reduce((least, { paddr }) => (paddr < least ? paddr : least), segments[0].paddr);
  const high = (address: bigint): boolean => address >= 2n ** 63n;
  const movable = elf.relocatable || segments.every(({ vaddr }) => high(vaddr));
  const bias = movable && (lowest < BigInt(RAM_BASE) || high(lowest)) ? BigInt(base) - (lowest & ~0xfffn) : 0n;
  for (const { paddr, bytes, size } of segments) {
    placement.put(`the ${role}`, Number(paddr + bias), bytes, { size: Number(size), zeroed: true });
  }
  const physical = (address: bigint): bigint => {
    const segment = segments.find(({ vaddr, size }) => address >= vaddr && address < vaddr + size);
    return segment === undefined ? address : address - segment.vaddr + segment.paddr + bias;
  };
  return { physical };
}

/** `struct fw_dynamic_info` of OpenSBI (include/sbi/fw_dynamic.h), version 2. */
function dynamicInfoBytes(next: bigint): Uint8Array {
  const MAGIC = 0x4942534fn;
  const VERSION = 2n;
  const MODE_S = 1n;
  const OPTIONS = 0n;
  const ANY_HART = 0xffff_ffff_ffff_ffffn;
  const words = [MAGIC, VERSION, next, MODE_S, OPTIONS, ANY_HART];
  const bytes = new Uint8Array(words.length * 8);
  const view = new DataView(bytes.buffer);
  words.forEach((word, i) => view.setBigUint64(i * 8, word, true));
  return bytes;
}
