import { describe, expect, it } from 'vitest';
import { currentPackages, formatLock, lockOf, parseLock, select } from './lock.ts';
import { Catalogue } from './packages.ts';
import { initrdPackages, rootPackages } from './recipes.ts';
import { makePackages } from './testing/packages.ts';

/** A suite that has all that the recipes name, and some lines more. */
function suite(more: string): Catalogue {
  const named = [...new Set([...initrdPackages, ...rootPackages])].filter((name) => !more.includes(`${name} `));
  const kernel = 'linux-image-riscv64 6 | linux-image-6.1, kmod\nlinux-image-6.1 6.1.2\nkmod 1';
  const kernels = more.includes('linux-image') ? '' : kernel;
  return new Catalogue(makePackages([kernels, ...named.map((name) => `${name} 1`), more].join('\n')));
}

const before = suite('bash 1 | libtinfo6\nlibtinfo6 1');
const lock = lockOf(currentPackages(before), 'Sat, 12 Sep 2026 07:55:41 UTC');
const nothingCached = () => false;
const versions = (pins: readonly { name: string; version: string }[]) =>
  pins.map(({ name, version }) => `${name} ${version}`);

describe('select', () => {
  it('takes what is locked, though the suite has something newer as well', () => {
    const { packages, replaced } = select(
      lock,
      suite('bash 1 | libtinfo6\nbash 2 | libtinfo6\nlibtinfo6 1'),
      nothingCached,
    );
    expect(replaced).toEqual([]);
    expect(versions(packages.root)).toContain('bash 1');
  });

  it('replaces a version that is gone, says so, and leaves the others locked', () => {
    const now = suite('bash 2 | libtinfo6\nlibtinfo6 1\nlibtinfo6 2');
    const { packages, replaced } = select(lock, now, nothingCached);
    expect(replaced).toEqual(['bash 1 is not on the mirror any more: 2 takes its place.']);
    expect(versions(packages.root)).toEqual(expect.arrayContaining(['bash 2', 'libtinfo6 1']));
  });

  it('brings what a replacement needs newly, and drops what nothing needs any more', () => {
    const { packages, replaced } = select(lock, suite('bash 2 | libnew1\nlibnew1 1'), nothingCached);
    expect(versions(packages.root)).toEqual(expect.arrayContaining(['bash 2', 'libnew1 1']));
    expect(replaced).toContain('libnew1 1 is needed now, and is not in the lock file.');
    expect(replaced).toContain('libtinfo6 1 is not needed any more.');
  });

  it('takes a file of the cache for one of the mirror', () => {
    const { packages, replaced } = select(
      lock,
      suite('bash 2 | libtinfo6\nlibtinfo6 1'),
      ({ name }) => name === 'bash',
    );
    expect(replaced).toEqual([]);
    expect(versions(packages.root)).toContain('bash 1');
  });

  it('follows the kernel to its next name', () => {
    const now = suite(
      'bash 1 | libtinfo6\nlibtinfo6 1\nlinux-image-riscv64 7 | linux-image-6.2\nlinux-image-6.2 6.2.1',
    );
    const { packages, replaced } = select(lock, now, nothingCached);
    expect(versions(packages.kernel)).toEqual(['linux-image-6.2 6.2.1']);
    expect(replaced.join()).toContain('linux-image-6.1 6.1.2 is not needed any more');
  });

  it('refuses a file of the same name and version with another hash', () => {
    const changed = {
      ...lock,
      packages: { ...lock.packages, root: lock.packages.root.map((pin) => ({ ...pin, sha256: '0'.repeat(64) })) },
    };
    expect(select(changed, before, nothingCached).replaced).not.toEqual([]);
  });
});

describe('the lock file', () => {
  it('is read as it was written', () => {
    expect(parseLock(formatLock(lock))).toEqual(lock);
  });

  it.each(['{}', '{"format":2}', formatLock(lock).replace(/"sha256":"[0-9a-f]{64}"/, '"sha256":"../x"')])(
    'is refused if it is not one',
    (text) => {
      expect(() => parseLock(text)).toThrow(/not a lock file/);
    },
  );
});
