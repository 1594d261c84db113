import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HEAD_SIZE, identify } from './identify.ts';

/** The first bytes of a file that has these at those places. */
function head(...parts: readonly (readonly [at: number, bytes: string | readonly number[]])[]): Uint8Array {
  const bytes = new Uint8Array(HEAD_SIZE);
  for (const [at, part] of parts) {
    bytes.set(typeof part === 'string' ? [...part].map((character) => character.charCodeAt(0)) : part, at);
  }
  return bytes;
}
const elf = (elfClass: number, machine: number) => head([0, '\x7fELF'], [4, [elfClass]], [18, [machine]]);

test.each([
  ['a Linux Image', head([0, 'MZ'], [56, 'RSC\x05']), 'kernel', /Linux kernel/],
  ['a RISC-V ELF', elf(2, 243), 'kernel', /RISC-V program/],
  ['a cpio archive', head([0, '070701']), 'initrd', /cpio/],
  ['a compressed initramfs', head([0, [0x1f, 0x8b]]), 'initrd', /gzip/],
  ['an ext4 file system', head([0x438, [0x53, 0xef]]), 'disk', /ext4/],
  ['a disk with partitions', head([510, [0x55, 0xaa]]), 'disk', /partitions/],
  ['zeroes', head(), 'disk', /raw/],
  ['a qcow2 image', head([0, [0x51, 0x46, 0x49, 0xfb]]), 'disk', /qcow2/],
] as const)('%s is taken for what it is', (_, bytes, role, what) => {
  const identity = identify({ head: bytes, size: 1 << 20 });
  expect(identity.role).toBe(role);
  expect(identity.what).toMatch(what);
  expect(identity.fault).toBeUndefined();
});

test.each([
  ['an x86 program', elf(2, 62), 1 << 20, /not for 64-bit RISC-V/],
  ['a 32-bit RISC-V program', elf(1, 243), 1 << 20, /not for 64-bit RISC-V/],
  ['an ARM64 kernel', head([56, 'ARM\x64']), 1 << 20, /ARM64/],
  ['an empty file', head(), 0, /empty/],
] as const)('%s is refused with what to do', (_, head, size, fault) => {
  expect(identify({ head, size }).fault).toMatch(fault);
});

const gzip = head([0, [0x1f, 0x8b]]);
const zstd = head([0, [0x28, 0xb5, 0x2f, 0xfd]]);
test.each([
  ['half a sector', { head: head(), size: 700 }, 'disk', /512-byte sectors/],
  ['what is no cpio archive in gzip', { head: gzip, inner: head() }, 'disk', /compressed/],
  ['a cpio archive in gzip', { head: gzip, inner: head([0, '070701']) }, 'initrd', /compressed/],
  ['a compressed disk, by its name', { head: zstd, name: 'debian.img.zst' }, 'disk', /compressed/],
  ['what is compressed otherwise', { head: zstd, name: 'initrd.zst' }, 'initrd', /compressed/],
] as const)('%s is a disk only by being imported', (_, beginning, role, importOnly) => {
  const identity = identify({ size: 1 << 20, ...beginning });
  expect(identity.role).toBe(role);
  expect(identity.fault).toBeUndefined();
  expect(identity.importOnly).toMatch(importOnly);
});

test('any content, of any length, is something', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2048 }), (bytes) => {
      expect(identify({ head: bytes, size: bytes.length, inner: bytes }).what).not.toBe('');
    }),
  );
});
