import { describe, expect, test } from 'vitest';
import { BadUsage } from '../bad-usage.ts';
import { readDisk } from './disk-option.ts';

test.each([
  ['a', {}],
  ['a,ro', { readOnly: true }],
  ['a,rw', {}],
  ['a,nocache', { noCache: true }],
  ['a,nodelete', { discards: false }],
  ['a,sync', { writeThrough: true }],
  ['a,direct', { writeThrough: true }],
  ['a,sectorsize=512', { sectorSize: { logical: 512, physical: 512 } }],
  ['a,sectorsize=4096', { sectorSize: { logical: 4096, physical: 4096 } }],
  ['a,sectorsize=512/4096', { sectorSize: { logical: 512, physical: 4096 } }],
  [
    'a,ro,nodelete,sync,sectorsize=1024/2048',
    { readOnly: true, discards: false, writeThrough: true, sectorSize: { logical: 1024, physical: 2048 } },
  ],
])('%s', (text, traits) => {
  expect(readDisk(text, '--disk')).toEqual({ path: 'a', ...traits });
});

describe('bad usage', () => {
  const right = 'there are ro, nocache, nodelete, sync (or direct) and sectorsize=LOGICAL[/PHYSICAL]';
  test.each([
    ['', '--disk takes a file: --disk FILE[,OPTION...]'],
    [',ro', '--disk takes a file'],
    ['a,', `"" is no option of a disk; ${right}`],
    ['a,b', `"b" is no option of a disk; ${right}`],
    ['a,RO', right],
    ['a,ro=true', right],
    ['a,toString', right],
    ...['', '0', '256', '8192', '513', '4096/512', '512/', '512/4096/1', '-512', '1e3', '512/8192'].map((size) => [
      `a,sectorsize=${size}`,
      `powers of two from 512 to 4096, the logical size not above the physical one, such as 512/4096, not "${size}"`,
    ]),
    ['a,sectorsize', 'powers of two from 512 to 4096'],
  ])('%s', (text, message) => {
    expect(() => readDisk(text, '--disk')).toThrow(BadUsage);
    expect(() => readDisk(text, '--disk')).toThrow(message);
  });
});
