import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { indexIn, readSuite } from './suite.ts';
import { FileServer, whole } from './testing/file-server.ts';

const sha256 = 'ab'.repeat(32);
const release = (more = '') =>
  `Origin: Debian\nSuite: stable\nCodename: trixie\nDate: Sat, 12 Sep 2026 07:55:41 UTC\nAcquire-By-Hash: yes\n${more}` +
  `SHA256:\n ${'cd'.repeat(32)} 10 main/binary-amd64/Packages.xz\n ${sha256}     9385284 main/binary-riscv64/Packages.xz\n`;

describe('indexIn', () => {
  it('finds the package index', () => {
    const date = 'Sat, 12 Sep 2026 07:55:41 UTC';
    const index = 'main/binary-riscv64/Packages.xz';
    expect(indexIn(release(), 'trixie')).toEqual({ index, sha256, size: 9385284, byHash: true, date });
    const other = indexIn(release(), 'trixie', { architecture: 'amd64' });
    expect(other).toMatchObject({ index: 'main/binary-amd64/Packages.xz', sha256: 'cd'.repeat(32), size: 10 });
  });

  it('refuses the index of another suite, one that has expired, and one without our architecture', () => {
    expect(() => indexIn(release(), 'sid')).toThrow(/another suite/);
    const until = 'Valid-Until: Sat, 19 Sep 2026 07:55:41 UTC\n';
    expect(indexIn(release(until), 'trixie', { now: new Date('2026-09-18') }).sha256).toBe(sha256);
    expect(() => indexIn(release(until), 'trixie', { now: new Date('2026-09-20') })).toThrow(/expired/);
    expect(() => indexIn('Suite: trixie\n', 'trixie')).toThrow(/does not name/);
  });
});

describe('readSuite', () => {
  it('uses nothing that is not signed by a key of the keyring', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tabhyve-test-'));
    const server = new FileServer(whole(Buffer.from(release())));
    try {
      await writeFile(join(folder, 'keyring.gpg'), '');
      vi.stubEnv('TABHYVE_DEBIAN_KEYRING', join(folder, 'keyring.gpg'));
      const suite = readSuite({ base: await server.listen(), suite: 'trixie' }, folder, {});
      await expect(suite).rejects.toMatchObject({
        code: 'bad-signature',
        message: expect.stringMatching(/TABHYVE_DEBIAN_KEYRING/) as string,
      });
      expect(server.requests.map(({ url }) => url)).toEqual(['/dists/trixie/InRelease']);
    } finally {
      vi.unstubAllEnvs();
      await server.close();
      await rm(folder, { recursive: true });
    }
  });
});
