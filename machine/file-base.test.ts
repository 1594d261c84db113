/// <reference lib="webworker" />
import { expect, test } from 'vitest';
import { imageOf, isSame, sparseDisk } from '../devices/image/testing/images.ts';
import { fileBase } from './file-base.ts';

const disk = sparseDisk(5, 1024 * 1024);
const fileOf = (bytes: Uint8Array, name: string): File => new File([bytes.slice()], name, { lastModified: 5 });

test('a raw image and a qcow2 image of the same disk read the same, and are not taken for each other', async () => {
  const qcow2 = await imageOf(disk, 'qcow2');
  const [raw, packed] = [await fileBase(fileOf(disk, 'disk')), await fileBase(fileOf(qcow2, 'disk'))];
  for (const base of [raw, packed]) {
    expect(base.size).toBe(disk.length);
    const target = new Uint8Array(disk.length);
    await base.read(0, target);
    expect(isSame(target, disk)).toBe(true);
  }
  expect(raw.identity).toBe(`file:disk:${disk.length}:5`);
  expect(packed.identity).toBe(`qcow2:file:disk:${qcow2.length}:5`);
});

test('a damaged qcow2 image is refused with the reason', async () => {
  const qcow2 = (await imageOf(disk, 'qcow2')).slice(0, 200);
  await expect(fileBase(fileOf(qcow2, 'disk.qcow2'))).rejects.toMatchObject({
    name: 'BlockError',
    message: expect.stringMatching(/disk\.qcow2/) as string,
  });
});
