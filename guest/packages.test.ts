import { describe, expect, it } from 'vitest';
import { parseParagraphs } from './deb822.ts';
import { Catalogue, packageOf, resolve } from './packages.ts';
import { makePackages } from './testing/packages.ts';

const suite = makePackages(`
  bash 5.1 | base-files, libc6, libtinfo6
  base-files 1 | awk
  gawk 1 | | awk
  mawk 1 | libc6 | awk
  libc6 2.40 | libgcc-s1
  libc6 2.41 | libgcc-s1
  libgcc-s1 14 | gcc-base, libc6
  gcc-base 14 |
  libtinfo6 6 |
  editor 1 | missing/nano, libc6
  nano 8 |
  broken 1 | missing`);
const names = (roots: string[], without: string[] = []) =>
  resolve(new Catalogue(suite), roots, new Set(without)).map(({ name, version }) => `${name} ${version}`);

describe('resolve', () => {
  it('follows dependencies, also round in circles, to the newest versions', () => {
    expect(names(['libc6'])).toEqual(['gcc-base 14', 'libc6 2.41', 'libgcc-s1 14']);
  });

  it('takes the first provider of a virtual package, unless one is wanted anyway', () => {
    expect(names(['base-files'])).toEqual(['base-files 1', 'gawk 1']);
    expect(names(['mawk', 'base-files'])).toEqual([
      'base-files 1',
      'gcc-base 14',
      'libc6 2.41',
      'libgcc-s1 14',
      'mawk 1',
    ]);
  });

  it('takes the first alternative that exists', () => {
    expect(names(['editor'], ['libc6'])).toEqual(['editor 1', 'nano 8']);
  });

  it('leaves out what it is told to, and what only that needs', () => {
    expect(names(['bash'], ['libc6', 'awk'])).toEqual(['base-files 1', 'bash 5.1', 'libtinfo6 6']);
  });

  it('says who needs what is missing', () => {
    expect(() => names(['broken'])).toThrow('The suite has no package missing, which broken needs.');
    expect(() => names(['nothing'])).toThrow(/nothing, which the list of packages needs/);
  });
});

describe('packageOf', () => {
  it('reads a paragraph of an index', () => {
    const text =
      'Package: a\nVersion: 1:2\nFilename: pool/a.deb\nSize: 7\nSHA256: 00\nPre-Depends: p (>= 1) [riscv64] | q:any\nDepends: r\nProvides: v (= 2), w\n';
    const [paragraph] = parseParagraphs(text);
    expect(packageOf(paragraph ?? new Map(), new URL('http://mirror.test/debian/'))).toEqual({
      name: 'a',
      version: '1:2',
      sha256: '00',
      size: 7,
      url: new URL('http://mirror.test/debian/pool/a.deb'),
      depends: [['p', 'q'], ['r']],
      provides: ['v', 'w'],
    });
  });

  it('refuses one that lacks its hash', () => {
    expect(() =>
      packageOf(
        new Map([
          ['package', 'a'],
          ['version', '1'],
        ]),
        new URL('http://mirror.test/'),
      ),
    ).toThrow(/sha256/);
  });
});
