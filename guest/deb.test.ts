import { describe, expect, it } from 'vitest';
import { placeOf, unpack } from './deb.ts';
import { makeAr, makeDeb, type TarEntry } from './testing/archives.ts';
import { Tree } from './tree.ts';

async function treeOf(...entries: TarEntry[]): Promise<Tree> {
  const tree = new Tree();
  await unpack(await makeDeb(entries), tree);
  return tree;
}

describe('unpack', () => {
  it('gives files, directories and links', async () => {
    const tree = await treeOf(
      { name: './', type: 'directory' },
      { name: './usr/bin/', type: 'directory', mode: 0o755 },
      { name: './usr/bin/a', data: 'hello', mode: 0o4755 },
      { name: './usr/bin/b', type: 'symlink', linkname: 'a' },
      { name: './usr/bin/c', type: 'link', linkname: './usr/bin/a' },
    );
    expect(tree.get('usr/bin/a')).toMatchObject({ type: 'file', mode: 0o4755 });
    expect(tree.get('usr/bin/b')).toEqual({ type: 'symlink', target: 'a' });
    expect(Buffer.from(tree.file('usr/bin/c') ?? []).toString()).toBe('hello');
  });

  it('merges /usr', async () => {
    const tree = new Tree();
    tree.addLink('lib', 'usr/lib');
    await unpack(
      await makeDeb([
        { name: './lib/', type: 'directory' },
        { name: './lib/x', data: 'x' },
      ]),
      tree,
    );
    expect(tree.get('lib')).toEqual({ type: 'symlink', target: 'usr/lib' });
    expect(tree.get('usr/lib/x')).toBeDefined();
    expect(placeOf('./library/x')).toBe('library/x');
  });

  it('gives no group its rights, since all belongs to root', async () => {
    const tree = await treeOf({ name: './x', mode: 0o2755, gid: 42, data: 'x' });
    expect(tree.get('x')).toMatchObject({ mode: 0o755 });
  });

  it.each<[string, TarEntry[]]>([
    ['a path that leaves the tree', [{ name: './../../etc/passwd', data: 'x' }]],
    ['a hard link that leaves the tree', [{ name: './x', type: 'link', linkname: '../../etc/passwd' }]],
    [
      'a file below a symbolic link',
      [
        { name: './a', type: 'symlink', linkname: '/etc' },
        { name: './a/passwd', data: 'x' },
      ],
    ],
    ['a device', [{ name: './sda', type: 'block-device' }]],
  ])('refuses %s', async (_what, entries) => {
    await expect(treeOf(...entries)).rejects.toMatchObject({ code: 'bad-archive' });
  });

  it('takes an absolute path for one in the tree', async () => {
    expect((await treeOf({ name: '/etc/x', data: 'x' })).get('etc/x')).toBeDefined();
  });

  it('refuses an archive that is no package', async () => {
    await expect(unpack(makeAr({ 'debian-binary': Buffer.from('2.0\n') }), new Tree())).rejects.toThrow(/no data.tar/);
    await expect(unpack(makeAr({ 'data.tar.lz4': Buffer.from('') }), new Tree())).rejects.toThrow(/compression/);
  });
});
