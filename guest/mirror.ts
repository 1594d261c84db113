import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parseParagraphs, words } from './deb822.ts';
import { ImageError } from './errors.ts';

/** The release that the images are made of. */
export const SUITE = 'trixie';

/** An archive on a mirror: the address that `dists/` and `pool/` hang from, and the suite in it. */
export interface Archive {
  readonly base: URL;
  readonly suite: string;
}

/** Debian's releases, under the names that stand in an apt configuration. */
const releases =
  /^(?:(?:old)*stable|testing|unstable|sid|buster|bullseye|bookworm|trixie|forky|duke)(?<pocket>-updates|-security|\/updates)?$/;

interface Source {
  readonly uris: readonly string[];
  readonly suites: readonly string[];
}

/** The entries of a `.sources` file (deb822 format) that are enabled. */
export function parseSources(text: string): Source[] {
  return [...parseParagraphs(text)]
    .filter((entry) => words(entry, 'types').includes('deb') && !/^no$/i.test(entry.get('enabled') ?? 'yes'))
    .map((entry) => ({ uris: words(entry, 'uris'), suites: words(entry, 'suites') }));
}

/** The entries of a `.list` file (one line each): `deb [options] URI suite component…`. */
export function parseList(text: string): Source[] {
  return text.split('\n').flatMap((line) => {
    const [, uri, suite] = /^\s*deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)/.exec(line) ?? [];
    return uri === undefined || suite === undefined ? [] : [{ uris: [uri], suites: [suite] }];
  });
}

/**
 * Picks the Debian archives among apt's sources, with each suite replaced by the same pocket of {@link SUITE}: the main
 * one first, then updates and security where they are configured. Of several mirrors of a pocket the first counts.
 */
export function archivesIn(sources: readonly Source[]): Archive[] {
  const byPocket = new Map<string, Archive>();
  for (const { uris, suites } of sources) {
    const uri = uris.find((each) => /^https?:\/\//.test(each));
    if (uri === undefined) continue;
    for (const suite of suites) {
      const match = releases.exec(suite);
      if (match === null) continue;
      const pocket = (match.groups?.['pocket'] ?? '').replace('/updates', '-security');
      if (!byPocket.has(pocket)) byPocket.set(pocket, { base: directory(uri), suite: SUITE + pocket });
    }
  }
  const main = byPocket.get('');
  if (main === undefined) return [];
  byPocket.delete('');
  return [main, ...byPocket.values()];
}

/**
 * The archives to download from: what TABHYVE_DEBIAN_MIRROR names (the address that `dists/` hangs from), or else what
 * the system's apt uses.
 * @throws ImageError `no-mirror`
 */
export async function findArchives(env: NodeJS.ProcessEnv = process.env, etc = '/etc/apt'): Promise<Archive[]> {
  const named = env['TABHYVE_DEBIAN_MIRROR'];
  if (named !== undefined && named !== '') {
    if (!URL.canParse(named) || !/^https?:/.test(named))
      throw new ImageError('no-mirror', `TABHYVE_DEBIAN_MIRROR is not an http or https address: ${named}`);
    return [{ base: directory(named), suite: SUITE }];
  }
  const archives = archivesIn(await readSources(etc));
  if (archives.length === 0)
    throw new ImageError(
      'no-mirror',
      'No Debian mirror is known: apt has no Debian archive among its sources. ' +
        'Set TABHYVE_DEBIAN_MIRROR to the address of one, without its dists/ folder.',
    );
  return archives;
}

async function readSources(etc: string): Promise<Source[]> {
  const parts = (await readdir(join(etc, 'sources.list.d')).catch(() => [])).sort();
  const files = ['sources.list', ...parts.map((part) => join('sources.list.d', part))];
  const sources = files.map(async (file) => {
    if (!/\.(list|sources)$/.test(file)) return [];
    const text = await readFile(join(etc, file), 'utf8').catch(() => '');
    return file.endsWith('.list') ? parseList(text) : parseSources(text);
  });
  return (await Promise.all(sources)).flat();
}

function directory(uri: string): URL {
  return new URL(uri.endsWith('/') ? uri : `${uri}/`);
}

/**
 * The proxy for an address, or undefined: from the environment (http_proxy, https_proxy, no_proxy), or else from apt's
 * own settings, because a machine may reach its mirror in no other way.
 */
export function proxyFor(url: URL, env: NodeJS.ProcessEnv, apt: ReadonlyMap<string, string>): URL | undefined {
  const scheme = url.protocol.slice(0, -1);
  const except = (env['no_proxy'] ?? env['NO_PROXY'] ?? '').split(',').map((each) => each.trim().replace(/^\*?\./, ''));
  if (except.some((each) => each === '*' || (each !== '' && `.${url.hostname}`.endsWith(`.${each}`)))) return undefined;
  const candidates = [
    env[`${scheme}_proxy`],
    scheme === 'https' ? env['HTTPS_PROXY'] : undefined,
    env['all_proxy'],
    apt.get(`acquire::${scheme}::proxy::${url.hostname}`),
    apt.get(`acquire::${scheme}::proxy`),
  ];
  const proxy = candidates.find((each) => each !== undefined && each !== '');
  if (proxy === undefined || proxy === 'DIRECT' || proxy === 'false') return undefined;
  return URL.canParse(proxy) && proxy.startsWith('http:') ? new URL(proxy) : undefined;
}

/** apt's proxy settings by lower-case name; none where there is no apt. */
export async function readAptProxies(): Promise<ReadonlyMap<string, string>> {
  const { stdout } = await promisify(execFile)('apt-config', ['dump']).catch(() => ({ stdout: '' }));
  const settings = [...stdout.matchAll(/^(Acquire::https?::Proxy(?:::[^\s"]+)?) "(.*)";$/gim)];
  return new Map(settings.map(([, name = '', value = '']) => [name.toLowerCase(), value]));
}
