import { expect, test } from 'vitest';
import type { DiskEntry } from '../../machine/api-disks.ts';
import { actionsOf } from './actions.ts';

const disk: DiskEntry = { id: 'a', name: 'a', size: 512, store: 'indexeddb', created: 0, overlays: [] };
const possible = (entry: DiskEntry, isOurs = false): string[] => {
  const { canStart, main, more } = actionsOf(entry, isOurs);
  const all = [...main, ...more].flatMap(([action, can]) => (can ? [action] : []));
  return canStart ? ['start', ...all] : all;
};

test('with a disk that nobody uses, all can be done that means something', () => {
  const all = ['start', 'export', 'clone', 'over', 'rename', 'resize', 'move', 'reset', 'delete'];
  expect(possible(disk)).toEqual(all);
  expect(possible({ ...disk, over: 'b' })).toEqual([...all.slice(0, -1), 'commit', 'delete']);
});

test('a disk that a machine writes to can be called something else, and made larger by who runs it', () => {
  expect(possible({ ...disk, use: 'writing' })).toEqual(['start', 'rename']);
  expect(possible({ ...disk, use: 'writing' }, true)).toEqual(['start', 'rename', 'resize']);
});

test('a disk that others lie over stays as it is', () => {
  expect(possible({ ...disk, overlays: ['b'] })).toEqual(['export', 'clone', 'over', 'rename', 'move']);
  expect(possible({ ...disk, overlays: ['b'], use: 'reading' })).toEqual(['export', 'clone', 'over', 'rename']);
});

test('a disk over a file cannot be started from without the file', () => {
  expect(possible({ ...disk, baseFile: 'disk.img' })).not.toContain('start');
});
