import { expect, test } from 'vitest';
import { Tree } from '../../guest/tree.ts';
import { isModule, modulesIn, needs } from './modules.ts';

const module = (depends: string): Buffer => Buffer.from(`\x7fELF\0license=GPL\0depends=${depends}\0name=x\0`);

test('what a module needs comes before it, once', async () => {
  const tree = new Tree();
  const folder = 'lib/modules/6.1.0/kernel';
  tree.addFile(`${folder}/fs/ext4/ext4.ko`, module('mbcache,jbd2'));
  tree.addFile(`${folder}/fs/jbd2/jbd2.ko`, module(''));
  tree.addFile(`${folder}/fs/mbcache.ko`, module(''));
  tree.addFile(`${folder}/lib/crc-t10dif.ko`, module('jbd2'));
  const order = (await modulesIn(tree, ['ext4', 'crc_t10dif'])).map(({ name }) => name);
  expect(order).toEqual(['mbcache', 'jbd2', 'ext4', 'crc_t10dif']);
  await expect(modulesIn(tree, ['xfs'])).rejects.toThrow('no module xfs');
});

test('only modules that a disk may need are unpacked', () => {
  expect(isModule('lib/modules/6.1.0/kernel/drivers/ata/ata_piix.ko')).toBe(true);
  expect(isModule('lib/modules/6.1.0/kernel/fs/mbcache.ko')).toBe(true);
  expect(isModule('lib/modules/6.1.0/kernel/drivers/net/dummy.ko')).toBe(false);
  expect(isModule('lib/modules/6.1.0/modules.dep')).toBe(false);
});

test('a module that says nothing needs nothing', () => {
  expect(needs(Buffer.from('\x7fELF'))).toEqual([]);
});
