import { pipeline } from 'node:stream/promises';
import { extract, type Header } from 'tar-stream';
import { readAr } from './ar.ts';
import { decompress } from './decompress.ts';
import { ImageError } from './errors.ts';
import { canonical, type Tree } from './tree.ts';

/**
 * Adds the files of a binary package to a tree. Its scripts are not looked at, and nothing of it runs.
 * @param deb a whole .deb file
 * @param keep tells by its path in the tree whether an entry is wanted
 * @throws ImageError `bad-archive`
 */
export async function unpack(deb: Uint8Array, tree: Tree, keep: (path: string) => boolean = () => true): Promise<void> {
  const data = readAr(deb).find((member) => member.name.startsWith('data.tar'));
  if (data === undefined) throw new ImageError('bad-archive', 'This is not a Debian package: it has no data.tar.');

  const reader = extract();
  reader.on('entry', (header, stream, next) => {
    const add = async () => {
      const path = placeOf(header.name);
      if (path === '' || !keep(path)) stream.resume();
      else addEntry(tree, path, header, await read(stream));
    };
    add().then(
      () => next(),
      (error: unknown) => next(error as Error),
    );
  });
  await pipeline(decompress(data.name, data.data), reader);
}

/** Folders that are symbolic links into /usr since trixie's base-files (merged /usr). */
const merged = new Set(['bin', 'sbin', 'lib', 'lib64']);

/** Where a path of a package stands in the tree: canonical, and with /usr merged, so that `./bin/sh` is `usr/bin/sh`. */
export function placeOf(name: string): string {
  const path = canonical(name);
  return path.includes('/') && merged.has(path.slice(0, path.indexOf('/'))) ? `usr/${path}` : path;
}

async function read(stream: AsyncIterable<unknown>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function addEntry(tree: Tree, path: string, header: Header, data: Buffer): void {
  // All files belong to root here: what would run with another group's rights does not.
  const mode = header.mode & (header.gid === 0 ? 0o7777 : 0o5777);
  switch (header.type) {
    case 'file':
    case 'contiguous-file':
      return tree.add(path, { type: 'file', mode, data });
    case 'directory':
      // The links of the merged /usr belong to base-files; an older package may still bring a directory in their place.
      return tree.get(path)?.type === 'symlink' ? undefined : tree.add(path, { type: 'directory', mode });
    case 'symlink':
      return tree.add(path, { type: 'symlink', target: header.linkname });
    case 'link':
      return tree.add(path, { type: 'hardlink', target: placeOf(header.linkname) });
    default:
      throw new ImageError('bad-archive', `${path} is a ${String(header.type)}, which no package should hold.`);
  }
}
