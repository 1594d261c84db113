import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exists } from './cache.ts';
import { parseParagraphs } from './deb822.ts';
import { decompressAll } from './decompress.ts';
import { download, type DownloadOptions } from './download.ts';
import { ImageError, reasonOf } from './errors.ts';
import { get } from './http.ts';
import type { Archive } from './mirror.ts';
import { PACKAGE_FIELDS, packageOf, type Package } from './packages.ts';
import { runTool } from './tools.ts';

const keyrings = ['debian-archive-keyring.gpg', 'debian-archive-keyring.pgp'].map(
  (name) => `/usr/share/keyrings/${name}`,
);

/** Of the guests. */
const ARCHITECTURE = 'riscv64';

/** What a suite held at a time. */
export interface Suite {
  readonly packages: readonly Package[];
  /** As its Release file writes it. */
  readonly date: string;
}

/**
 * Reads the packages of one suite from a mirror. Trust goes from Debian's keyring to the signed InRelease, from its SHA-256 to
 * Packages.xz, and from there to each package.
 * @param folder where the index is kept, by its SHA-256
 * @param architecture as Debian names it
 * @throws ImageError `bad-signature`, `bad-hash`, `no-keyring`, `no-tool`, `unreachable`
 */
export async function readSuite(
  archive: Archive,
  folder: string,
  options: DownloadOptions,
  architecture = ARCHITECTURE,
): Promise<Suite> {
  const dists = new URL(`dists/${archive.suite}/`, archive.base);
  const release = await verifiedText(await fetchSmall(new URL('InRelease', dists), options), archive.suite);
  const { sha256, size, byHash, date, index } = indexIn(release, archive.suite, { architecture });

  const path = join(folder, `${sha256}.xz`);
  if (!(await exists(path, size))) {
    await mkdir(folder, { recursive: true });
    const name = `The index of ${archive.suite}`;
    const wanted = { name, url: new URL(index, dists), sha256, size };
    const stable = new URL(index.replace('Packages.xz', `by-hash/SHA256/${sha256}`), dists);
    // While a mirror is being updated only the address by hash is sure to fit InRelease; not every mirror has it.
    await download({ ...wanted, url: byHash ? stable : wanted.url }, path, options).catch(async (error: unknown) => {
      if (!(error instanceof ImageError && error.code === 'not-found' && byHash)) throw error;
      await download(wanted, path, options);
    });
  }
  const text = (await decompressAll(path, await readFile(path))).toString('utf8');
  const packages = [...parseParagraphs(text, PACKAGE_FIELDS)].map((paragraph) => packageOf(paragraph, archive.base));
  return { packages, date };
}

/** InRelease is about 140 KB; this is where a server stops being believed. */
const MOST_SMALL = 4 << 20;

async function fetchSmall(url: URL, options: DownloadOptions): Promise<Buffer> {
  for (let attempt = 1; ; attempt++) {
    try {
      const { status, body } = await get(url, options);
      const chunks: Buffer[] = [];
      let size = 0;
      for await (const chunk of body as AsyncIterable<Buffer>) {
        chunks.push(chunk);
        if ((size += chunk.length) > MOST_SMALL) throw new Error('it is far too large');
      }
      if (status === 200) return Buffer.concat(chunks);
      throw new Error(`the server answered ${status}`);
    } catch (error) {
      options.signal?.throwIfAborted();
      if (attempt < 3) continue;
      const hint = 'Check the network, or name another mirror by TABHYVE_DEBIAN_MIRROR.';
      throw new ImageError('unreachable', `${url.href} cannot be read: ${reasonOf(error)}. ${hint}`, { cause: error });
    }
  }
}

/** The text that the signature covers, and nothing around it. */
async function verifiedText(signed: Buffer, suite: string): Promise<string> {
  const keyring = await findKeyring();
  const args = ['--keyring', keyring, '--output', '-', '-'];
  const { status, stdout, stderr } = await runTool('gpgv', args, { input: signed, statuses: [0, 1, 2] });
  if (status === 0) return stdout;
  throw new ImageError(
    'bad-signature',
    `The index of ${suite} has no valid signature by Debian's keys (${keyring}). Nothing of it was used. ` +
      `Either the mirror, or something on the way to it, changes files, or the keyring is older than the release: ` +
      `update the package debian-archive-keyring, or name another by TABHYVE_DEBIAN_KEYRING. gpgv says:\n${stderr.trim()}`,
  );
}

async function findKeyring(env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const named = env['TABHYVE_DEBIAN_KEYRING'];
  const candidates = named !== undefined && named !== '' ? [named] : keyrings;
  for (const candidate of candidates) if (await exists(candidate)) return candidate;
  throw new ImageError(
    'no-keyring',
    `Debian's archive keyring is missing (${candidates.join(', ')}). Install the package debian-archive-keyring, ` +
      'or name the file by TABHYVE_DEBIAN_KEYRING.',
  );
}

interface Index {
  /** Its path below the suite's. */
  readonly index: string;
  readonly sha256: string;
  readonly size: number;
  readonly byHash: boolean;
  readonly date: string;
}

/** An architecture's package index, from a Release file that is what it should be and still valid. */
export function indexIn(
  release: string,
  suite: string,
  { now = new Date(), architecture = ARCHITECTURE }: { readonly now?: Date; readonly architecture?: string } = {},
): Index {
  const [fields] = parseParagraphs(release);
  const names = [fields?.get('suite'), fields?.get('codename')];
  if (!names.includes(suite))
    throw new ImageError('bad-signature', `The mirror gives another suite's index for ${suite}: ${names.join(', ')}.`);
  const until = fields?.get('valid-until');
  if (until !== undefined && new Date(until) < now)
    throw new ImageError(
      'bad-signature',
      `The index of ${suite} has expired (${until}): the mirror is not updated any more, or this machine's clock is wrong.`,
    );
  const index = `main/binary-${architecture}/Packages.xz`;
  for (const line of (fields?.get('sha256') ?? '').split('\n')) {
    const [sha256, size, path] = line.trim().split(/\s+/);
    if (path === index && sha256 !== undefined && /^[0-9a-f]{64}$/.test(sha256))
      return {
        index,
        sha256,
        size: Number(size),
        byHash: fields?.get('acquire-by-hash') === 'yes',
        date: fields?.get('date') ?? '',
      };
  }
  throw new ImageError('bad-signature', `The index of ${suite} does not name ${index}.`);
}
