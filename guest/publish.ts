import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { copyFile, link, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { createGzip, gzip } from 'node:zlib';
import type { Images } from './build.ts';
import { exists, temporaryBeside, writeWhole } from './cache.ts';
import { hashFile } from './download.ts';
import type { Progress } from './progress.ts';

/** A file that the page loads whole. Its name holds a hash of its bytes, so that it can be cached for ever. */
export interface PublishedFile {
  /** Relative to images.json; an ending of `.gz` says how it is compressed. */
  readonly url: string;
  /** Of the file as it is transferred, in bytes. */
  readonly size: number;
  /** Of its content, decompressed. */
  readonly rawSize: number;
  /** SHA-256 of its content, decompressed. */
  readonly sha256: string;
}

/** The content of images.json, from which the page finds all else. */
export interface ImagesIndex {
  readonly format: 1;
  readonly default: {
    readonly kernel: PublishedFile;
    readonly initrd: PublishedFile;
    /** The manifest of the disk, and the disk's size in bytes. */
    readonly root: { readonly url: string; readonly size: number };
    readonly cmdline: string;
  };
}

/**
 * The manifest of a disk that is fetched part by part. The part with the number n holds the bytes from n * partSize on; the last may be
 * shorter. A part that is all zero is null, and any other is at `parts/<first two digits>/<sha256>.gz` beside the manifest.
 */
export interface DiskManifest {
  readonly format: 1;
  readonly size: number;
  readonly partSize: number;
  /** The SHA-256 of the part, and how long it is when compressed by gzip. */
  readonly parts: readonly ({ readonly sha256: string; readonly bytes: number } | null)[];
}

const PART_SIZE = 128 << 10;

export interface PublishOptions {
  readonly cache: string;
  /** Where the page's server finds the files. Kernels and initial file systems of before are removed from it. */
  readonly folder: string;
  readonly progress: (event: Progress) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Puts images where the page's server finds them, compressed, under names that follow from their content. */
export async function publish(images: Images, options: PublishOptions): Promise<void> {
  // Kept beside the images: what was published last, which tells whether there is anything to do.
  const made = dirname(images.root);
  const published = await readFile(join(made, 'published.json'), 'utf8').catch(() => undefined);
  if (published !== undefined && (await isInPlace(options.folder, published))) return;

  const files = new Map<string, string>();
  const place = (url: string, source: string) => files.set(url, source);

  const manifest = await splitDisk(images.root, options);
  for (const part of manifest.parts) {
    if (part !== null) place(partUrl(part.sha256), join(options.cache, partUrl(part.sha256)));
  }
  const manifestText = JSON.stringify(manifest);
  const manifestUrl = `root-${shortHash(manifestText)}.json`;
  await writeWhole(join(made, manifestUrl), manifestText);
  place(manifestUrl, join(made, manifestUrl));

  const compress = async (source: string, stem: string): Promise<PublishedFile> => {
    const { compressed, sha256, rawSize } = await compressFile(source, options);
    const url = `${stem}-${(await hashFile(compressed)).slice(0, 8)}.gz`;
    place(url, compressed);
    return { url, size: (await stat(compressed)).size, rawSize, sha256 };
  };
  const index: ImagesIndex = {
    format: 1,
    default: {
      kernel: await compress(images.kernel, 'Image'),
      initrd: await compress(images.initrd, 'initrd'),
      root: { url: manifestUrl, size: manifest.size },
      cmdline: images.cmdline,
    },
  };

  await mkdir(options.folder, { recursive: true });
  for (const [url, source] of files) await linkOrCopy(source, join(options.folder, url));
  // Last, so that whatever it names is there.
  const indexText = `${JSON.stringify(index, null, 2)}\n`;
  await writeWhole(join(options.folder, 'images.json'), indexText);
  await writeWhole(join(made, 'published.json'), indexText);
  await removeOthers(options.folder, new Set(['images.json', ...files.keys()]));
}

function partUrl(sha256: string): string {
  return `parts/${sha256.slice(0, 2)}/${sha256}.gz`;
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}

/** Cuts a disk image into parts in the cache; parts that are there already, from another image, are not made again. */
export async function splitDisk(
  path: string,
  { cache, progress, signal }: Omit<PublishOptions, 'folder'>,
): Promise<DiskManifest> {
  const { size } = await stat(path);
  const zero = Buffer.alloc(PART_SIZE);
  const parts: DiskManifest['parts'][number][] = [];
  const file = await open(path);
  try {
    const buffer = Buffer.alloc(PART_SIZE);
    for (let at = 0; at < size; at += PART_SIZE) {
      signal?.throwIfAborted();
      const part = buffer.subarray(0, (await file.read(buffer, 0, PART_SIZE, at)).bytesRead);
      parts.push(part.equals(zero.subarray(0, part.length)) ? null : await storePart(part, cache));
      if (parts.length % 256 === 0 || at + PART_SIZE >= size)
        progress({ step: 'publish', done: at + part.length, total: size, unit: 'bytes', detail: 'Splitting the disk' });
    }
  } finally {
    await file.close();
  }
  return { format: 1, size, partSize: PART_SIZE, parts };
}

async function storePart(part: Uint8Array, cache: string): Promise<{ sha256: string; bytes: number }> {
  const sha256 = createHash('sha256').update(part).digest('hex');
  const path = join(cache, partUrl(sha256));
  const found = await stat(path).catch(() => undefined);
  if (found !== undefined) return { sha256, bytes: found.size };
  const compressed = await promisify(gzip)(part, { level: 9 });
  await writeWhole(path, compressed);
  return { sha256, bytes: compressed.length };
}

/** Compresses a file into the cache, under the name of its content. */
async function compressFile(source: string, { cache, progress, signal }: PublishOptions) {
  const sha256 = await hashFile(source);
  const rawSize = (await stat(source)).size;
  const compressed = join(cache, 'compressed', `${sha256}.gz`);
  if (!(await exists(compressed))) {
    const report = (done: number) =>
      progress({ step: 'publish', done, total: rawSize, unit: 'bytes', detail: 'Compressing' });
    report(0);
    await mkdir(dirname(compressed), { recursive: true });
    const temporary = temporaryBeside(compressed);
    try {
      await pipeline(createReadStream(source), createGzip({ level: 9 }), createWriteStream(temporary), { signal });
      await rename(temporary, compressed);
    } finally {
      await rm(temporary, { force: true });
    }
    report(rawSize);
  }
  return { compressed, sha256, rawSize };
}

/** A hard link where the file system allows one. What is there already under a name made from a hash is the same. */
async function linkOrCopy(source: string, target: string): Promise<void> {
  const { size } = await stat(source);
  if (await exists(target, size)) return;
  await mkdir(dirname(target), { recursive: true });
  const temporary = temporaryBeside(target);
  await link(source, temporary).catch(() => copyFile(source, temporary));
  await rename(temporary, target);
}

/** A disk that a person has made lies over the image of its day, so manifests and parts stay for ever. */
const isOfDisk = (url: string): boolean => /^(root-[^/]*\.json|parts\/.*)$/.test(url);

async function removeOthers(folder: string, wanted: ReadonlySet<string>): Promise<void> {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const url = path.slice(folder.length).replaceAll('\\', '/').replace(/^\/+/, '');
    if (!entry.isDirectory() && !wanted.has(url) && !isOfDisk(url)) await rm(path, { force: true });
  }
}

/** Whether a folder has this index, and what it names. */
async function isInPlace(folder: string, indexText: string): Promise<boolean> {
  if ((await readFile(join(folder, 'images.json'), 'utf8').catch(() => '')) !== indexText) return false;
  const { kernel, initrd, root } = (JSON.parse(indexText) as ImagesIndex).default;
  const manifest = await readFile(join(folder, root.url), 'utf8').catch(() => undefined);
  if (manifest === undefined) return false;
  const parts = (JSON.parse(manifest) as DiskManifest).parts.filter((part) => part !== null);
  const files = [...parts.map(({ sha256, bytes }) => ({ url: partUrl(sha256), size: bytes })), kernel, initrd];
  return (await Promise.all(files.map(({ url, size }) => exists(join(folder, url), size)))).every(Boolean);
}
