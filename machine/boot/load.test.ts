import { beforeEach, describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { GuestRam } from '../../core/shared/guest-ram.ts';
import { createMemory, layOut } from '../../core/shared/memory-map.ts';
import { findNode, readCells, readDeviceTree, readTexts } from '../device-tree/read.ts';
import { BootError, type BootProblem } from './errors.ts';
import { loadGuest, type Guest } from './load.ts';
import { addPeHeader, makeElf, makeImage } from './testing/files.ts';

const RAM_SIZE = 16 << 20;
const map = layOut({ harts: 2, ramBytes: RAM_SIZE });
const board: Guest['board'] = { harts: 2, ramBytes: RAM_SIZE, isa: { extensions: ['i', 'm'], mmu: 'sv39' } };

let ram: GuestRam;
beforeEach(() => {
  ram = new GuestRam(createMemory(map), map);
});

const load = (guest: Partial<Guest>) => loadGuest({ ram, board, ...guest });
const at = (address: number, length: number): Uint8Array => {
  const bytes = new Uint8Array(length);
  ram.read(address, bytes);
  return bytes;
};
function problem(guest: Partial<Guest>): { problem: BootProblem; message: string } {
  try {
    load(guest);
  } catch (error) {
    if (error instanceof BootError) return error;
    throw error;
  }
  throw new Error('it was loaded');
}

describe('a Linux Image', () => {
  it('stands at its text_offset, with the initramfs at the end of RAM and the device tree below', () => {
    const kernel = makeImage();
    const initrd = new Uint8Array(5000).fill(0x77);
    const entry = load({ kernel, initrd, cmdline: 'quiet' });
    expect(entry).toMatchObject({ mode: 'S', pc: 0x8020_0000n, allHarts: false, dynamicInfo: 0 });
    expect(at(0x8020_0000, kernel.length)).toEqual(kernel);

    const { root } = readDeviceTree(at(entry.deviceTree, 0x8000_0000 + RAM_SIZE - entry.deviceTree));
    const chosen = findNode(root, '/chosen');
    expect(readTexts(chosen, 'bootargs')).toEqual(['quiet']);
    const [, start] = readCells(chosen, 'linux,initrd-start');
    const [, end] = readCells(chosen, 'linux,initrd-end');
    expect(end - start).toBe(5000);
    expect(start % 4096).toBe(0);
    expect(0x8000_0000 + RAM_SIZE - end).toBeLessThan(4096);
    expect(at(start, 5000)).toEqual(initrd);
    expect(entry.deviceTree).toBeLessThan(start);
    expect(entry.deviceTree % 8).toBe(0);
  });

  it('needs room for all that it says it needs', () => {
    const { message } = problem({ kernel: makeImage({ imageSize: 0xf0_0000n }) });
    expect(message).toBe('the kernel takes 15 MiB at 0x80200000, and there are 16 MiB of memory from 0x80000000');
    const initrd = new Uint8Array(0xd0_0000);
    expect(problem({ kernel: makeImage({ imageSize: 0x20_0000n }), initrd }).problem).toBe('does-not-fit');
  });

  it.each<[string, Uint8Array, BootProblem, string]>([
    ['an empty file', new Uint8Array(0), 'not-a-kernel', 'empty file'],
    ['text', new TextEncoder().encode('hello'), 'not-a-kernel', 'neither a RISC-V Linux Image nor an ELF'],
    ['a web page', new TextEncoder().encode('<!doctype html>'), 'not-a-kernel', 'web page'],
    ['gzip', Uint8Array.of(0x1f, 0x8b, 8), 'compressed', 'gunzip'],
    ['zstd', Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd), 'compressed', 'unzstd'],
    [
      'a compressed EFI image',
      new TextEncoder().encode('MZ\0\0zimg'.padEnd(0x18, '\0') + 'gzip\0'),
      'compressed',
      'by gzip inside',
    ],
    ['x86', addPeHeader(new Uint8Array(4096), 0x8664), 'other-architecture', 'x86-64'],
    ['ARM64', addPeHeader(new Uint8Array(4096), 0xaa64), 'other-architecture', 'ARM64'],
    ['an ARM64 ELF', makeElf({ machine: 183 }), 'other-architecture', 'ARM64'],
    ['big-endian', makeImage({ flags: 1n }), 'other-architecture', 'big-endian'],
    ['a later header', makeImage({ version: 0x1_0000 }), 'not-a-kernel', 'version 1.x'],
    ['a strange offset', makeImage({ textOffset: 0x1000n }), 'damaged', 'header is damaged'],
    ['a cut Image', addPeHeader(makeImage(), 0x5064, 8192), 'damaged', '8192 bytes are expected, 4096 are there'],
    ['a cut ELF', makeElf().slice(0, -1), 'damaged', 'damaged or cut off'],
  ])('is not %s', (_, kernel, expected, message) => {
    const error = problem({ kernel });
    expect(error.problem).toBe(expected);
    expect(error.message).toContain(message);
  });

  it('is missing', () => {
    expect(problem({}).problem).toBe('nothing-to-boot');
    expect(problem({ firmware: 'none' }).problem).toBe('nothing-to-boot');
  });
});

describe('an ELF kernel', () => {
  it('stands at its physical addresses, with what is behind its bytes zeroed', () => {
    ram.fill(0x8040_0000, 0x3000, 0xff);
    const bytes = new Uint8Array(6000).fill(9);
    const kernel = makeElf({ segments: [{ vaddr: 0x8040_0000n, bytes, size: 8000n }], entry: 0x8040_0010n });
    expect(load({ kernel }).pc).toBe(0x8040_0010n);
    expect(at(0x8040_0000, 8001)).toEqual(Uint8Array.from([...bytes, ...new Uint8Array(2000), 0xff]));
  });

  it('is moved behind the firmware when it is linked for the top of the address space', () => {
    const top = 0xffff_ffff_8000_0000n;
    const bytes = Uint8Array.of(1, 2, 3);
    const kernel = makeElf({
      segments: [
        { vaddr: top, paddr: 0n, bytes },
        { vaddr: top + 0x3000n, paddr: 0x3000n, bytes },
      ],
      entry: top + 0x3001n,
    });
    expect(load({ kernel }).pc).toBe(0x8020_3001n);
    expect(at(0x8020_3000, 3)).toEqual(bytes);
    const same = makeElf({ segments: [{ vaddr: top, bytes }] });
    expect(load({ kernel: same }).pc).toBe(0x8020_0000n);
  });

  it('is refused when it is a program, an object file, or for other addresses', () => {
    const segment = { vaddr: 0x1_0000n, bytes: Uint8Array.of(0) };
    expect(problem({ kernel: makeElf({ segments: [{ ...segment, type: 3 }] }) }).message).toContain(
      'program for Linux',
    );
    expect(problem({ kernel: makeElf({ segments: [] }) }).message).toContain('nothing that could be loaded');
    expect(problem({ kernel: makeElf({ type: 1 }) }).message).toContain('object file');
    expect(problem({ kernel: makeElf({ class: 1 }) }).message).toContain('32 bits');
    expect(problem({ kernel: makeElf({ segments: [segment] }) }).message).toContain('at 0x10000, and there are 16 MiB');
  });
});

describe('a bare-metal program', () => {
  it('has the machine in M-mode, and says where tohost is', () => {
    const kernel = makeElf({ symbols: { main: 1n, tohost: 0x8000_1000n, fromhost: 0x8000_1040n } });
    expect(load({ kernel, firmware: 'none' })).toMatchObject({
      mode: 'M',
      pc: 0x8000_0000n,
      allHarts: true,
      tohost: 0x8000_1000,
      fromhost: 0x8000_1040,
    });
    expect(load({ kernel: makeElf(), firmware: 'none' })).not.toHaveProperty('tohost');
  });

  it('may be any binary', () => {
    const kernel = Uint8Array.of(0x73, 0, 0x50, 0x10);
    expect(load({ kernel, firmware: 'none' }).pc).toBe(0x8000_0000n);
    expect(at(0x8000_0000, 4)).toEqual(kernel);
  });
});

describe('a firmware file', () => {
  it('is told where the kernel is', () => {
    const entry = load({ firmware: Uint8Array.of(1, 2, 3), kernel: makeImage() });
    expect(entry).toMatchObject({ mode: 'M', pc: 0x8000_0000n, allHarts: true });
    const words = new BigUint64Array(at(entry.dynamicInfo, 48).buffer);
    expect([...words]).toEqual([0x4942534fn, 2n, 0x8020_0000n, 1n, 0n, 2n ** 64n - 1n]);
    expect(at(0x8000_0000, 4)).toEqual(Uint8Array.of(1, 2, 3, 0));
  });

  it('may stand alone, and may be an ELF that can stand anywhere', () => {
    const bytes = Uint8Array.of(5);
    const firmware = makeElf({ type: 3, segments: [{ vaddr: 0n, bytes }], entry: 0n });
    const entry = load({ firmware });
    expect(entry.pc).toBe(0x8000_0000n);
    expect(new BigUint64Array(at(entry.dynamicInfo, 48).buffer)[2]).toBe(0n);
  });

  it('must not reach into the kernel', () => {
    const { message } = problem({ firmware: new Uint8Array(0x20_0001), kernel: makeImage() });
    expect(message).toContain('the kernel would overwrite the firmware');
  });
});

describe('hostile files', () => {
  /** Loads a file every way there is: each loads or is refused by name. */
  function survive(file: Uint8Array): void {
    for (const guest of [{ kernel: file }, { kernel: file, firmware: 'none' as const }, { firmware: file }]) {
      try {
        load(guest);
      } catch (error) {
        expect(error).toBeInstanceOf(BootError);
      }
    }
  }

  it('are loaded or refused', () => {
    const elf = makeElf({ symbols: { tohost: 1n, fromhost: 2n } });
    const originals = [elf, makeImage({ bytes: 512 }), addPeHeader(makeImage({ bytes: 512 }), 0x5064)];
    const interesting = fc.constantFrom(0, 1, 0x7f, 0x80, 0xff);
    fc.assert(
      fc.property(
        fc.constantFrom(...originals),
        fc.array(fc.tuple(fc.nat(511), fc.oneof(interesting, fc.nat(255))), { maxLength: 6 }),
        fc.nat(600),
        (original, edits, cut) => {
          const file = original.slice(0, Math.max(original.length - (cut > 500 ? cut : 0), 0));
          for (const [offset, byte] of edits) file[offset % (file.length + 1)] = byte;
          survive(file);
        },
      ),
      { numRuns: 1500 },
    );
    fc.assert(fc.property(fc.uint8Array({ maxLength: 600 }), survive));
  });
});
