import { createHash } from 'node:crypto';
import type { Package } from '../packages.ts';

/** Packages from lines of `name version | depends | provides`, where a slash stands between alternatives. */
export function makePackages(text: string): Package[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.map((line) => {
    const [head = '', depends = '', provides = ''] = line.split('|').map((field) => field.trim());
    const [name = '', version = ''] = head.split(' ');
    const list = (field: string) => (field === '' ? [] : field.split(', ').map((each) => each.split('/')));
    const sha256 = createHash('sha256').update(head).digest('hex');
    const url = new URL(`http://mirror.test/pool/${name}_${version}.deb`);
    return { name, version, sha256, url, size: 1, depends: list(depends), provides: list(provides).flat() };
  });
}
