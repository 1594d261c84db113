import { expect, test } from 'vitest';
import { programMarks, programSamples } from '../backend.ts';
import { programTests, readRates, WrongAnswer } from './index.ts';

const [crc] = programTests.filter(({ test }) => test === 'crc-table');
const good = `noise\r\nbegin crc-table 1000\r\nrate crc-table 12.5 ${crc.check} 2.000000\r\nrate other 1e+06 0 1\n`;

test('rates are found between other lines', () => {
  expect(readRates(good)).toEqual([{ test: 'crc-table', value: 12.5, check: crc.check, seconds: 2 }]);
});

test('a test gives its rate, and its rate by processor time', () => {
  const [begin, end] = programMarks([crc]);
  expect(good).toContain(begin);
  expect(good).toContain(end);
  expect(programSamples(crc, { output: good })).toMatchObject([{ test: 'crc-table', value: 12.5, unit: 'MiB/s' }]);
  const processor = new Map([
    [begin, 7],
    [end, 7.5],
  ]);
  expect(programSamples(crc, { output: good, processor })).toMatchObject([
    { test: 'crc-table', value: 12.5 },
    { test: 'crc-table, processor time', value: 50 },
  ]);
});

test('a wrong answer, and none at all, are told', () => {
  const rateless = 'begin crc-table 1000\nIllegal instruction\n';
  expect(() => programSamples(crc, { output: rateless })).toThrow('Illegal instruction');
  const other = good.replace(crc.check, '00000000deadbeef');
  expect(() => programSamples(crc, { output: other })).toThrow(`00000000deadbeef instead of ${crc.check}`);
  const refused = `said crc-table no such file\n${other}`;
  expect(() => programSamples(crc, { output: refused })).toThrow('no such file');
  const changed = `wrong crc-table 1 2\n${good}`;
  expect(() => programSamples(crc, { output: changed })).toThrow(WrongAnswer);
});

test('names of tests are of one kind, and there is one of each', () => {
  const names = programTests.map((each) => each.test);
  expect(new Set(names).size).toBe(names.length);
  for (const name of names) expect(name).toMatch(/^[a-z0-9-]+$/);
});
