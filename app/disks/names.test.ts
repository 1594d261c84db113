import { expect, test } from 'vitest';
import type { DiskEntry } from '../../machine/api-disks.ts';
import { nameOfBase, nameOfDisk, nameOfExport, nameOfImport } from './names.ts';

test.each([
  [{ id: 'default', name: 'default' }, 'The default machine'],
  [{ id: 'default', name: 'Homework' }, 'Homework'],
  [{ id: 'scratch', name: 'scratch' }, 'Kernels of your own'],
  [{ id: 'link-0123456789abcdef', name: 'link-0123456789abcdef' }, 'A linked machine (01234567)'],
  [{ id: 'file-01', name: 'disk.img', baseFile: 'disk.img' }, 'Changes to disk.img'],
  [{ id: 'file-01', name: 'Homework', baseFile: 'disk.img' }, 'Homework'],
  [{ id: '7a', name: 'debian' }, 'debian'],
])('%j is called %s', (disk, name) => {
  expect(nameOfDisk(disk)).toBe(name);
});

test.each([
  ['debian-13.qcow2', 'debian-13'],
  ['disk.img.gz', 'disk'],
  ['.img', 'Imported disk'],
  ['notes.txt', 'notes.txt'],
])('%s becomes a disk %s', (file, name) => {
  expect(nameOfImport(file)).toBe(name);
});

test('an export has a name that every file system takes', () => {
  expect(nameOfExport('A linked machine (0123/4567)', 'qcow2')).toBe('A-linked-machine-0123-4567.qcow2');
  expect(nameOfExport('Übung 3', 'gzip')).toBe('Übung-3.img.gz');
  expect(nameOfExport('../..', 'raw')).toBe('disk.img');
});

test('what a disk lies over has a name', () => {
  const disk: DiskEntry = { id: 'a', name: 'Lower', size: 512, store: 'indexeddb', created: 0, overlays: [] };
  const over = (entry: Partial<DiskEntry>) => nameOfBase({ ...disk, id: 'b', ...entry }, [disk], 'https://a.org/x/');
  expect(over({})).toBeUndefined();
  expect(over({ over: 'a', baseFile: 'disk.img' })).toBe('“Lower”');
  expect(over({ over: 'gone' })).toBe('a disk that is gone');
  expect(over({ baseFile: 'disk.img' })).toBe('your file disk.img');
  expect(over({ baseUrl: 'https://a.org/guest/root.json' })).toBe('an image of this site');
  expect(over({ baseUrl: 'https://b.org/root.json' })).toBe('an image of b.org');
});
