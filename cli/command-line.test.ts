import { describe, expect, test } from 'vitest';
import { describeOptions, readOptions, type Option } from './command-line.ts';

const options: readonly Option[] = [
  { long: '--memory', short: '-m', value: 'SIZE', help: 'how much' },
  { long: '--disk', value: 'FILE', help: 'one line\nand another' },
  { long: '--quiet', short: '-q', help: 'says less' },
];
const read = (...args: string[]) => readOptions('run', options, args);

test.each([[['--memory', '1G']], [['--memory=1G']], [['-m', '1G']], [['-m1G']], [['-m', '512M', '--memory', '1G']]])(
  'a value is found in %j',
  (args) => {
    expect(read(...args).value('--memory')).toBe('1G');
  },
);

test('values may be empty, hold equals signs, and begin with a dash', () => {
  expect(read('--disk=').value('--disk')).toBe('');
  expect(read('--disk=a=b').value('--disk')).toBe('a=b');
  expect(read('--disk', '-').value('--disk')).toBe('-');
  expect(read('--disk', 'a', '--disk', 'b').all('--disk')).toEqual(['a', 'b']);
  expect([read().has('--quiet'), read('-q').has('--quiet')]).toEqual([false, true]);
});

describe('bad usage says what to do', () => {
  test.each([
    [['--memroy', '1G'], 'unknown option --memroy: did you mean --memory? See tabhyve run --help'],
    [['-memory', '1G'], 'unknown option -memory: did you mean --memory? See tabhyve run --help'],
    [['--xyz'], 'unknown option --xyz; see tabhyve run --help'],
    [['-x'], 'unknown option -x; see tabhyve run --help'],
    [['Image'], 'run takes options only, not "Image"; see tabhyve run --help'],
    [['--memory'], '--memory needs a value: --memory SIZE'],
    [['--disk', '--quiet'], '--disk needs a value: --disk FILE'],
    [['--quiet=yes'], '--quiet takes no value; it was given "yes"'],
    [['-m1G', ''], 'run takes options only, not ""; see tabhyve run --help'],
  ])('%j', (args, message) => {
    expect(() => read(...args)).toThrow(message);
  });
});

test('the usage text has each option', () => {
  expect(describeOptions(options)).toBe(
    [
      '  -m, --memory SIZE   how much',
      '      --disk FILE     one line',
      '                      and another',
      '  -q, --quiet         says less',
    ].join('\n'),
  );
});
