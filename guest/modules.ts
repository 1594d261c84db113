import { decompressAll } from './decompress.ts';
import { sectionOf, stripModule } from './elf.ts';
import { ImageError } from './errors.ts';
import type { Tree } from './tree.ts';

/** A kernel module, ready to be loaded. */
export interface Module {
  readonly name: string;
  readonly data: Uint8Array;
}

const SIGNATURE_MAGIC = '~Module signature appended~\n';

/**
 * The given modules and all that they depend on, in an order in which they can be loaded: decompressed, without signature, stripped.
 * The guest would pay for each of these: guest/README.md has the measurements.
 * @param tree the unpacked kernel package
 * @throws ImageError `bad-archive`
 */
export async function collectModules(tree: Tree, names: readonly string[]): Promise<Module[]> {
  const paths = new Map<string, string>();
  for (const [path] of tree.entries()) {
    const [, name] = /\/([^/]+)\.ko(?:\.xz|\.zst|\.gz)?$/.exec(path) ?? [];
    if (name !== undefined) paths.set(normal(name), path);
  }

  const done = new Map<string, Module>();
  const visit = async (name: string) => {
    if (done.has(name)) return;
    const path = paths.get(name);
    const packed = path === undefined ? undefined : tree.file(path);
    if (path === undefined || packed === undefined)
      throw new ImageError('bad-archive', `The kernel package has no module ${name}.`);
    const data = cutSignature(await decompressAll(path, packed));
    for (const before of needs(data)) await visit(before);
    done.set(name, { name, data: stripModule(data) });
  };
  for (const name of names) await visit(normal(name));
  return [...done.values()];
}

/** Module names are one whether written with `-` or `_`. */
function normal(name: string): string {
  return name.replaceAll('-', '_');
}

/**
 * What `.modinfo` says must be loaded before: `depends=a,b`. Soft dependencies (`softdep=pre: crypto-crc32c`) name aliases of modules that
 * are wished for; the recipe lists those by their names.
 */
function needs(module: Uint8Array): string[] {
  const modinfo = Buffer.from(sectionOf(module, '.modinfo') ?? []).toString('latin1');
  const depends = modinfo.split('\0').find((line) => line.startsWith('depends=')) ?? 'depends=';
  return depends
    .slice('depends='.length)
    .split(',')
    .filter((name) => name !== '')
    .map(normal);
}

/**
 * A module without what scripts/sign-file of Linux appended: the signature, a `struct module_signature` of 12 bytes whose last four are
 * the signature's length (big-endian), and a magic string. Checking one costs the guest 150 million instructions.
 */
export function cutSignature(module: Uint8Array): Uint8Array {
  const end = module.length - SIGNATURE_MAGIC.length;
  if (end < 12 || Buffer.from(module.subarray(end)).toString('latin1') !== SIGNATURE_MAGIC) return module;
  const length = Buffer.from(module.subarray(end - 4, end)).readUInt32BE();
  const cut = end - 12 - length;
  if (cut < 0) throw new ImageError('bad-archive', 'A kernel module has a damaged signature.');
  return module.subarray(0, cut);
}
