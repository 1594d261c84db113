import { expect, test } from 'vitest';
import { defaultMachine } from '../settings/settings.ts';
import type { DefaultImages } from './images.ts';
import { cmdlineOf, noFiles, onlyReading, PlanError, roomFor, specOf, whenFree, type Plan } from './plan.ts';

const images: DefaultImages = {
  kernel: { kind: 'url', url: 'https://example.org/guest/Image.zst', size: 9 },
  initrd: { kind: 'url', url: 'https://example.org/guest/initrd.zst' },
  root: 'https://example.org/guest/root.json',
  cmdline: 'console=hvc0 root=/dev/vda rw quiet',
};
const plan: Plan = { settings: defaultMachine, files: noFiles, runScript: true, images, page: 'https://example.org/' };
const size = { columns: 80, rows: 24 };
const file = (name: string, content = 'x') => ({ blob: new Blob([content]), name });

test("the default machine has the site's images and the disk `default`", async () => {
  expect(await specOf(plan, size)).toEqual({
    cpus: 1,
    memorySize: 512 * 2 ** 20,
    firmware: 'sbi',
    kernel: images.kernel,
    initrd: images.initrd,
    cmdline: images.cmdline,
    disks: [{ kind: 'store', id: 'default', size: 2 ** 30, base: images.root }],
    console: size,
  });
});

test('a disk that another machine writes to is waited for, or only read', async () => {
  const spec = await specOf(plan, size);
  const [disk] = spec.disks;
  expect(whenFree(spec)).toEqual({ ...spec, disks: [{ ...disk, wait: true }] });
  const reading = onlyReading(spec);
  expect(reading.disks).toEqual([{ ...disk, readOnly: true }]);
  expect(reading.cmdline).toBe(`${images.cmdline} ro rootflags=noload`);
  const memory = { kind: 'memory', size: 512 } as const;
  expect(whenFree({ ...spec, disks: [memory] }).disks).toEqual([memory]);
});

test("a kernel of one's own gets no initramfs and no disk that belong to another", async () => {
  const spec = await specOf({ ...plan, files: { ...noFiles, kernel: file('Image') } }, size);
  expect(spec.initrd).toBeUndefined();
  expect(spec.cmdline).toBe('console=hvc0');
  expect(spec.disks).toEqual([{ kind: 'store', id: 'scratch', size: 2 ** 30 }]);
});

test("a disk of one's own is booted by the site's kernel, and changed only where that was asked for", async () => {
  const disk = file('disk.img');
  const thrown = await specOf({ ...plan, files: { ...noFiles, disk } }, size);
  expect(thrown.initrd).toBe(images.initrd);
  expect(thrown.disks).toEqual([{ kind: 'file', file: disk.blob, name: 'disk.img' }]);
  const kept = await specOf({ ...plan, files: { ...noFiles, disk, keepChanges: true } }, size);
  expect(kept.disks[0]).toMatchObject({ overlayId: expect.stringMatching(/^file-[0-9a-f]{20}$/) as string });
});

test('a chosen disk is started from, whatever the kernel, and never made', async () => {
  const settings = { ...defaultMachine, store: 'opfs', disk: { id: 'homework', name: 'Homework' } } as const;
  const disk = { kind: 'store', id: 'homework', size: 2 ** 30, base: images.root, mustExist: true };
  expect((await specOf({ ...plan, settings }, size)).disks).toEqual([disk]);
  const foreign = await specOf({ ...plan, settings, files: { ...noFiles, kernel: file('Image') } }, size);
  expect(foreign.disks).toEqual([disk]);
  expect(foreign.cmdline).toBe('console=hvc0 root=/dev/vda rw');
  const own = file('disk.img');
  const given = await specOf({ ...plan, settings, files: { ...noFiles, disk: own } }, size);
  expect(given.disks).toEqual([{ kind: 'file', file: own.blob, name: 'disk.img' }]);
  const linked = await specOf({ ...plan, settings, link: defaultMachine }, size);
  expect(linked.disks).toEqual([expect.objectContaining({ id: expect.stringMatching(/^link-/) as string })]);
});

test('bare metal starts in machine mode, and firmware may come alone', async () => {
  const bare = await specOf({ ...plan, files: { ...noFiles, kernel: file('xv6'), mode: 'none' } }, size);
  expect(bare.firmware).toBe('none');
  const { images: _, ...withoutImages } = plan;
  const firmware = await specOf({ ...withoutImages, files: { ...noFiles, firmware: file('opensbi.elf') } }, size);
  expect(firmware.firmware).toMatchObject({ kind: 'blob', name: 'opensbi.elf' });
  expect(firmware.kernel).toBeUndefined();
});

test('a linked machine has a disk of its own, its script, and nothing of the person', async () => {
  const link = { ...defaultMachine, memoryMiB: 256, additions: 'debug', script: 'echo hi' };
  const settings = { ...defaultMachine, cmdline: 'mine', memoryMiB: 1024 };
  const spec = await specOf({ ...plan, settings, link, files: { ...noFiles, disk: file('private.img') } }, size);
  expect(spec.memorySize).toBe(256 * 2 ** 20);
  expect(spec.cmdline).toBe(`${images.cmdline} debug tabhyve.run=ZWNobyBoaQ`);
  expect(spec.disks).toEqual([
    { kind: 'store', id: expect.stringMatching(/^link-/) as string, size: 2 ** 30, base: images.root },
  ]);
  const refused = await specOf({ ...plan, link, runScript: false }, size);
  expect(refused.cmdline).toBe(`${images.cmdline} debug`);
});

test("a link's kernel comes without the site's other images", async () => {
  const spec = await specOf({ ...plan, link: { ...defaultMachine, kernel: 'lab/Image' } }, size);
  expect(spec.kernel).toEqual({ kind: 'url', url: 'https://example.org/lab/Image' });
  expect(spec.initrd).toBeUndefined();
  expect(spec.disks[0]).not.toHaveProperty('base');
});

test('a script that does not fit into the command line is an error with numbers', async () => {
  const link = { ...defaultMachine, script: 'x'.repeat(740) };
  await expect(specOf({ ...plan, link }, size)).rejects.toThrow(PlanError);
  await expect(specOf({ ...plan, link }, size)).rejects.toThrow(/takes 1035 bytes, and a riscv64 kernel takes 1023/);
  expect(roomFor(link.script, cmdlineOf({ ...plan, link }))).toBe(-12);
});

test('without images the machine asks for a kernel', async () => {
  const { images: _, ...withoutImages } = plan;
  await expect(specOf(withoutImages, size)).rejects.toThrow(/a kernel of your own/);
});
