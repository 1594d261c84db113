import { ImageError } from './errors.ts';

/** A member of an archive; its data is a view into the archive. */
export interface ArMember {
  readonly name: string;
  readonly data: Uint8Array;
}

const MAGIC = '!<arch>\n';
const HEADER = 60;

/**
 * Reads a Unix `ar` archive in the form that deb(5) describes: an eight-byte magic, then for each member a header of 60 bytes
 *
 *     name 16 | mtime 12 | uid 6 | gid 6 | mode 8 | size 10 | "`\n"
 *
 * in ASCII, padded by spaces, and the data, padded to an even length. Long names (GNU, BSD) do not occur in packages.
 * @throws ImageError `bad-archive`
 */
export function readAr(archive: Uint8Array): ArMember[] {
  const text = (from: number, length: number) => Buffer.from(archive.subarray(from, from + length)).toString('latin1');
  if (text(0, MAGIC.length) !== MAGIC)
    throw new ImageError('bad-archive', 'This is not a Debian package: no ar archive.');
  const members: ArMember[] = [];
  for (let at = MAGIC.length; at < archive.length;) {
    const size = /^\d+ *$/.test(text(at + 48, 10)) ? Number(text(at + 48, 10)) : NaN;
    const start = at + HEADER;
    if (text(at + 58, 2) !== '`\n' || !(start + size <= archive.length))
      throw new ImageError('bad-archive', `A package is damaged: the ar header at byte ${at} makes no sense.`);
    members.push({ name: text(at, 16).trimEnd().replace(/\/$/, ''), data: archive.subarray(start, start + size) });
    at = start + size + (size % 2);
  }
  return members;
}
