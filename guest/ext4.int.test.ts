import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { hashFile } from './download.ts';
import { writeExt4 } from './ext4.ts';
import { runTool } from './tools.ts';
import { Tree } from './tree.ts';

const date = new Date('2026-09-12T07:55:41Z');
const size = 64 << 20;

function example(): Tree {
  const tree = new Tree();
  tree.addFile('etc/motd', 'hello\n');
  tree.addFile('usr/bin/tool', Buffer.alloc(100_000, 'x'), 0o4755);
  tree.add('usr/bin/same', { type: 'hardlink', target: 'usr/bin/tool' });
  tree.addLink('bin', 'usr/bin');
  tree.add('tmp', { type: 'directory', mode: 0o1777 });
  tree.addFile('odd names/a "quoted" name', 'odd');
  tree.addFile('odd names/-x', 'dash');
  return tree;
}

let folder: string;
let image: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tabhyve-test-'));
  image = join(folder, 'image');
  await writeExt4(example(), image, { size, date });
});
afterAll(() => rm(folder, { recursive: true }));

const ask = async (request: string) => (await runTool('debugfs', ['-R', request, image])).stdout;

it.each([
  ['/etc/motd', /Type: regular +Mode: +0644 [^]*User: +0 +Group: +0 [^]*Size: 6/],
  ['/usr/bin/tool', /Mode: +04755 [^]*Links: 2/],
  ['/tmp', /Type: directory +Mode: +01777 [^]*User: +0 +Group: +0/],
  ['/bin', /Type: symlink[^]*Fast link dest: "usr\/bin"/],
  ['"/odd names/a ""quoted"" name"', /Size: 3/],
])('has %s with its mode, and root as its owner', async (path, expected) => {
  expect(await ask(`stat ${path}`)).toMatch(expected);
});

it('has the contents', async () => {
  expect(await ask('cat /etc/motd')).toBe('hello\n');
  expect(await ask('cat "/odd names/-x"')).toBe('dash');
});

it('carries the given time', async () => {
  expect(await ask('stat /etc/motd')).toContain(`mtime: 0x${(date.getTime() / 1000).toString(16)}`);
});

it('is sparse, and the same each time', async () => {
  const { blocks, size: length } = await stat(image);
  expect(length).toBe(size);
  expect(blocks * 512).toBeLessThan(size / 2);
  const again = join(folder, 'again');
  await writeExt4(example(), again, { size, date });
  expect(await hashFile(again)).toBe(await hashFile(image));
});

it('says what is wrong when a tree does not fit', async () => {
  const tree = new Tree();
  tree.addFile('big', Buffer.alloc(12 << 20, 'x'));
  await expect(writeExt4(tree, join(folder, 'full'), { size: 16 << 20, date })).rejects.toMatchObject({
    code: 'tool-failed',
  });
});
