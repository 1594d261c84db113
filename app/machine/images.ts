/**
 * The guest images that this site offers: `guest/images.json`, as `guest/` publishes it. All of its URLs are relative to
 * it.
 */

import type { ImageSource } from '../../machine/api.ts';

/** The default machine of this site. */
export interface DefaultImages {
  readonly kernel: UrlSource;
  readonly initrd?: UrlSource;
  /** Absolute URL of the root disk's manifest. */
  readonly root?: string;
  readonly cmdline: string;
}

export type UrlSource = Extract<ImageSource, { kind: 'url' }>;

/** The site has no images, or a list that this page cannot read. The message says what to do. */
export class ImagesError extends Error {
  override readonly name = 'ImagesError';
}

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function readSource(entry: unknown, base: string): UrlSource | undefined {
  if (!isObject(entry) || typeof entry['url'] !== 'string') return undefined;
  const { url, size, rawSize, sha256 } = entry;
  return {
    kind: 'url',
    url: new URL(url, base).href,
    ...(typeof size === 'number' && { size }),
    ...(typeof rawSize === 'number' && { rawSize }),
    ...(typeof sha256 === 'string' && { sha256 }),
  };
}

/** Reads `images.json`, which lies at `base`. */
export function readImages(json: unknown, base: string): DefaultImages {
  if (!isObject(json)) throw new ImagesError('The list of guest images of this site is damaged.');
  if (json['format'] !== 1) {
    throw new ImagesError('The guest images of this site are newer than this page. Reload the page.');
  }
  const machine = isObject(json['default']) ? json['default'] : {};
  const kernel = readSource(machine['kernel'], base);
  if (kernel === undefined || typeof machine['cmdline'] !== 'string') {
    throw new ImagesError('The list of guest images of this site names no kernel.');
  }
  const initrd = readSource(machine['initrd'], base);
  const root = readSource(machine['root'], base);
  return { kernel, cmdline: machine['cmdline'], ...(initrd && { initrd }), ...(root && { root: root.url }) };
}

const MISSING =
  'This site has no guest images. `npm start` and `npm run build` make them; or give the machine a kernel of your own.';

/** Fetches the list. Rejects with an {@link ImagesError}. */
export async function fetchImages(page: string): Promise<DefaultImages> {
  const url = new URL('guest/images.json', page);
  let json: unknown;
  try {
    const response = await fetch(url, { cache: 'no-cache' });
    if (!response.ok) throw new Error(`${response.status}`);
    json = await response.json();
  } catch (cause) {
    throw new ImagesError(navigator.onLine ? MISSING : 'This computer is offline.', { cause });
  }
  return readImages(json, url.href);
}
