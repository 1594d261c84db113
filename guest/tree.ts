import { ImageError } from './errors.ts';

/** What stands at a path of a guest's file system. All belongs to root. */
export type Entry =
  | { readonly type: 'directory'; readonly mode: number }
  | { readonly type: 'file'; readonly mode: number; readonly data: Uint8Array }
  | { readonly type: 'symlink'; readonly target: string }
  /** Another name of a file that is in the tree, under its canonical path. */
  | { readonly type: 'hardlink'; readonly target: string };

/**
 * The canonical form of a path in an archive: no leading `./` or `/`, no doubled slash. The root is the empty string.
 * @throws ImageError `bad-archive` for a path that would leave the tree
 */
export function canonical(path: string): string {
  const names = path.split('/').filter((name) => name !== '' && name !== '.');
  if (names.includes('..') || path.includes('\0') || path.includes('\n'))
    throw new ImageError('bad-archive', `A package holds a path that leaves its tree: ${JSON.stringify(path)}`);
  return names.join('/');
}

/** A guest's file system in memory, under canonical paths. It is never laid out on the host, where a path could escape. */
export class Tree {
  readonly #entries = new Map<string, Entry>();

  /** Adds an entry, over what was there; a directory that is there already stays. Missing directories above it are made. */
  add(path: string, entry: Entry): void {
    const at = canonical(path);
    if (at === '') return;
    const parent = at.slice(0, Math.max(at.lastIndexOf('/'), 0));
    if (parent !== '') {
      const above = this.#entries.get(parent);
      if (above === undefined) this.add(parent, { type: 'directory', mode: 0o755 });
      else if (above.type !== 'directory')
        throw new ImageError('bad-archive', `${at} stands below ${parent}, which is no directory.`);
    }
    if (entry.type === 'directory' && this.#entries.has(at) && this.#entries.get(at)?.type !== 'directory')
      throw new ImageError('bad-archive', `${at} is a directory here and something else there.`);
    this.#entries.set(at, entry);
  }

  addFile(path: string, data: Uint8Array | string, mode = 0o644): void {
    this.add(path, { type: 'file', mode, data: typeof data === 'string' ? Buffer.from(data) : data });
  }

  addLink(path: string, target: string): void {
    this.add(path, { type: 'symlink', target });
  }

  get(path: string): Entry | undefined {
    return this.#entries.get(canonical(path));
  }

  /** The content of a file, through hard links and not through symbolic ones. */
  file(path: string): Uint8Array | undefined {
    const entry = this.get(path);
    if (entry?.type === 'hardlink') return this.file(entry.target);
    return entry?.type === 'file' ? entry.data : undefined;
  }

  /** All entries by path in order, so that a directory comes before what is in it. */
  entries(): [path: string, entry: Entry][] {
    return [...this.#entries].sort(([a], [b]) => (a < b ? -1 : 1));
  }
}
