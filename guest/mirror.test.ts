import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { archivesIn, findArchives, parseList, parseSources, proxyFor } from './mirror.ts';

const shown = (archives: ReturnType<typeof archivesIn>) => archives.map(({ base, suite }) => `${base.href} ${suite}`);

describe('the mirror in an apt configuration', () => {
  it('is found in .sources files, with updates and security, in the suite of the images', () => {
    const text =
      'Types: deb deb-src\n# a comment\nURIs: http://mirror.test/debian\nSuites: bookworm bookworm-updates\nComponents: main\n\n' +
      'Types: deb\nURIs: http://mirror.test/security\nSuites: bookworm-security\n\n' +
      'Types: deb\nURIs: http://other.test/debian\nSuites: sid\nEnabled: no\n';
    expect(shown(archivesIn(parseSources(text)))).toEqual([
      'http://mirror.test/debian/ trixie',
      'http://mirror.test/debian/ trixie-updates',
      'http://mirror.test/security/ trixie-security',
    ]);
  });

  it('is found in .list files, with options', () => {
    const text =
      '#deb http://no.test/ sid main\ndeb [arch=amd64 signed-by=/k] https://mirror.test/debian/ stable main contrib\n';
    expect(shown(archivesIn(parseList(text)))).toEqual(['https://mirror.test/debian/ trixie']);
  });

  it('is not an archive of another distribution or of a third party, nor one on a medium', () => {
    const text =
      'deb http://a.test/ubuntu noble main\ndeb http://b.test/node nodistro main\ndeb cdrom:[x]/ bookworm main\ndeb-src http://c.test/ sid main\n';
    expect(archivesIn(parseList(text))).toEqual([]);
  });

  it('needs the main archive: updates alone are none', () => {
    expect(archivesIn(parseList('deb http://a.test/ bookworm-updates main'))).toEqual([]);
  });
});

describe('findArchives', () => {
  let etc: string;
  beforeEach(async () => {
    etc = await mkdtemp(join(tmpdir(), 'tabhyve-test-'));
    await mkdir(join(etc, 'sources.list.d'));
  });
  afterEach(() => rm(etc, { recursive: true }));

  it('prefers what the environment names', async () => {
    const archives = await findArchives({ TABHYVE_DEBIAN_MIRROR: 'http://own.test/debian' }, etc);
    expect(shown(archives)).toEqual(['http://own.test/debian/ trixie']);
    await expect(findArchives({ TABHYVE_DEBIAN_MIRROR: 'ftp://own.test' }, etc)).rejects.toThrow(/not an http/);
  });

  it('reads all files of apt that are in use', async () => {
    await writeFile(
      join(etc, 'sources.list.d', 'a.sources.disabled'),
      'Types: deb\nURIs: http://no.test/\nSuites: sid\n',
    );
    await writeFile(
      join(etc, 'sources.list.d', 'b.sources'),
      'Types: deb\nURIs: http://yes.test/debian\nSuites: sid\n',
    );
    expect(shown(await findArchives({}, etc))).toEqual(['http://yes.test/debian/ trixie']);
  });

  it('says what to do when there is none', async () => {
    await expect(findArchives({}, etc)).rejects.toMatchObject({
      code: 'no-mirror',
      message: expect.stringMatching(/TABHYVE_DEBIAN_MIRROR/) as string,
    });
  });
});

describe('proxyFor', () => {
  const http = new URL('http://mirror.test/debian');
  const https = new URL('https://mirror.test/debian');
  const apt = new Map([
    ['acquire::http::proxy', 'http://apt.test:3142'],
    ['acquire::http::proxy::direct.test', 'DIRECT'],
  ]);
  const href = (url: URL, env: Record<string, string>) => proxyFor(url, env, apt)?.href;

  it('is that of the environment, then that of apt, for the scheme', () => {
    expect(href(http, { http_proxy: 'http://env.test:1' })).toBe('http://env.test:1/');
    expect(href(http, {})).toBe('http://apt.test:3142/');
    expect(href(https, {})).toBeUndefined();
    expect(href(https, { HTTPS_PROXY: 'http://env.test:2' })).toBe('http://env.test:2/');
  });

  it('is left out for hosts that are excepted', () => {
    expect(href(http, { http_proxy: 'http://env.test:1', no_proxy: 'x.test, .mirror.test' })).toBeUndefined();
    expect(href(new URL('http://notmirror.test'), { http_proxy: 'http://e.test', no_proxy: 'mirror.test' })).toBe(
      'http://e.test/',
    );
    expect(href(new URL('http://direct.test/'), {})).toBeUndefined();
  });
});
