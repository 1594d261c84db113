import { describe, expect, test } from 'vitest';
import { ExecOutput } from './exec-output.ts';

/** What is printed, and the status, for console output that comes in pieces of `size` bytes. */
function extract(text: string, size: number): { printed: string; status: number | undefined; before: string } {
  let printed = '';
  const output = new ExecOutput((bytes) => (printed += Buffer.from(bytes).toString('latin1')));
  const bytes = Buffer.from(text, 'latin1');
  for (let at = 0; at < bytes.length; at += size) output.take(bytes.subarray(at, at + size));
  return { printed, status: output.status, before: output.before };
}

const begin = 'boot noise\r\n@@tabhyve-exec-begin@@\n';
const end = (status: number): string => `@@tabhyve-exec-end:${status}@@\n`;

describe.each([1, 2, 5, 19, 20, 1000])('in pieces of %i bytes', (size) => {
  test.each([
    ['a line', '1\n', 0],
    ['nothing', '', 7],
    ['no newline at its end', 'x', 255],
    ['carriage returns and any bytes', '\r\n\0\xff@@\x1b[m', 1],
    ['half of a mark', '@@tabhyve-exec-end:', 3],
    ['a mark that is none', '@@tabhyve-exec-end:1234@@\n', 3],
    ['marks of its own', `a${end(9)}b${end(8)}`, 4],
    ['a begin of its own', begin, 4],
  ])('the output is exact: %s', (_, text, status) => {
    expect(extract(begin + text + end(status), size)).toEqual({ printed: text, status, before: '' });
    expect(extract(`${begin}${text}${end(status)}[   3.1] reboot: Power down\r\n`, size).printed).toBe(text);
  });

  test('a boot that never comes to the command is told', () => {
    expect(extract('no root\n', size)).toEqual({ printed: '', status: undefined, before: 'no root\n' });
  });

  test('a command that ends the machine leaves its output and no status', () => {
    expect(extract(`${begin}bye\n`, size)).toEqual({ printed: 'bye\n', status: undefined, before: '' });
  });
});
