import { describe, expect, it } from 'vitest';
import { writeCpio } from './cpio.ts';
import { Tree } from './tree.ts';

/** Reads a newc archive back: `mode size name [= data]`, a line for each record. */
function list(archive: Buffer): string[] {
  const lines: string[] = [];
  for (let at = 0; ;) {
    expect(archive.toString('latin1', at, at + 6)).toBe('070701');
    const field = (index: number) => parseInt(archive.toString('latin1', at + 6 + 8 * index, at + 14 + 8 * index), 16);
    const [mode, size, nameSize] = [field(1), field(6), field(11)];
    const name = archive.toString('utf8', at + 110, at + 110 + nameSize - 1);
    const data = (at + 110 + nameSize + 3) & ~3;
    if (name === 'TRAILER!!!') {
      expect(data).toBe(archive.length);
      return lines;
    }
    const device = field(9) === 0 ? '' : ` ${field(9)},${field(10)}`;
    lines.push(
      `${mode.toString(8)} ${size} ${name}${device}${size > 0 ? ` = ${archive.toString('utf8', data, data + size)}` : ''}`,
    );
    at = (data + size + 3) & ~3;
  }
}

const tree = new Tree();
tree.addFile('init', '#!', 0o755);
tree.addFile('etc/motd', 'hello');
tree.addLink('etc/issue', 'motd');
tree.add('etc/again', { type: 'hardlink', target: 'etc/motd' });

describe('writeCpio', () => {
  it('writes what can be read back: directories before their content, links, devices', () => {
    const archive = writeCpio(tree, [{ path: 'dev/console', mode: 0o600, major: 5, minor: 1 }]);
    expect(list(archive)).toEqual([
      '40755 0 etc',
      '100644 5 etc/again = hello',
      '120777 4 etc/issue = motd',
      '100644 5 etc/motd = hello',
      '100755 2 init = #!',
      '20600 0 dev/console 5,1',
    ]);
  });

  it('writes the same bytes each time', () => {
    expect(writeCpio(tree).equals(writeCpio(tree))).toBe(true);
  });

  it('keeps to the format to the byte', () => {
    const one = new Tree();
    one.addFile('a', 'xy');
    const header = '07070100000001000081a4000000000000000000000001000000000000000200000000000000000000000000000000';
    expect(writeCpio(one).toString('latin1', 0, 122)).toBe(`${header}0000000200000000a\x00xy\x00\x00070701`);
  });
});
