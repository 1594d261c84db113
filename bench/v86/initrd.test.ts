import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { END, makeInitrd, PROMPT } from './initrd.ts';

/** Names, modes and contents of a cpio archive in the "newc" format. */
function readCpio(archive: Buffer): Map<string, { readonly mode: number; readonly data: string }> {
  const entries = new Map<string, { mode: number; data: string }>();
  for (let at = 0; ;) {
    const field = (index: number): number =>
      parseInt(archive.toString('latin1', at + 6 + index * 8, at + 14 + index * 8), 16);
    const [mode, size, nameSize] = [field(1), field(6), field(11)];
    const name = archive.toString('utf8', at + 110, at + 110 + nameSize - 1);
    if (name === 'TRAILER!!!') return entries;
    const start = (at + 110 + nameSize + 3) & ~3;
    entries.set(name, { mode, data: archive.toString('utf8', start, start + size) });
    at = (start + size + 3) & ~3;
  }
}

test('the file system has what the first process needs, and the programs', () => {
  const files = new Map([['sieve', Buffer.from('a program')]]);
  const modules = new Map([['00-ext4.ko', Buffer.from('a module')]]);
  const entries = readCpio(gunzipSync(makeInitrd(Buffer.from('busybox'), { files, modules, script: './sieve\n' })));
  expect(entries.get('bin/busybox')).toEqual({ mode: 0o100755, data: 'busybox' });
  expect(entries.get('bench/sieve')).toEqual({ mode: 0o100755, data: 'a program' });
  expect(entries.get('modules/00-ext4.ko')?.data).toBe('a module');
  expect(entries.get('bench/run')?.data).toBe('./sieve\n');
  expect(entries.get('dev/console')?.mode).toBe(0o020600);
  for (const name of ['dev', 'mnt', 'proc', 'sys']) expect(entries.get(name)?.mode).toBe(0o040755);
});

test('the first process prints what is waited for', () => {
  const init = readCpio(gunzipSync(makeInitrd(Buffer.from('busybox')))).get('init');
  expect(init?.mode).toBe(0o100755);
  for (const mark of [END, PROMPT]) expect(init?.data).toContain(`'${mark}'`);
});
