import { expect, test } from 'vitest';
import { nameOfDisk, nameOfExport, nameOfImport } from './names.ts';

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
