import { expect, test } from 'vitest';
import { Catalogue, type Package } from '../../guest/packages.ts';
import { packageIn } from './packages.ts';

const entry = (name: string, version: string, depends: string[][] = []): Package => ({
  ...{ name, version, depends, provides: [], sha256: '', size: 1 },
  url: new URL(`http://debian.test/${name}.deb`),
});

test('the kernel is the one that the package without a version names', () => {
  const catalogue = new Catalogue([
    entry('linux-image-686', '6.1.9-1', [['linux-image-6.1.0-9-686']]),
    entry('linux-image-6.1.0-8-686', '6.1.8-1'),
    entry('linux-image-6.1.0-9-686', '6.1.9-1'),
    entry('seabios', '1.16', [['dpkg']]),
  ]);
  expect(packageIn(catalogue, 'linux-image-686').name).toBe('linux-image-6.1.0-9-686');
  expect(packageIn(catalogue, 'seabios').name).toBe('seabios');
  expect(() => packageIn(catalogue, 'vgabios')).toThrow('no package vgabios for i386');
});
