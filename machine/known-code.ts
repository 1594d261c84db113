/**
 * Profiles of hot regions by the content of their pages, so that what was found hot once is compiled when its page is met
 * again: in another process, after a reboot, at the next visit. It is a cache, and may be empty or wrong: see
 * core/jit/profile.ts.
 */
import { isProfile, type RegionProfile } from '../core/jit/profile.ts';

/** A page's content, as {@link contentOf} tells it, with profiles of regions of it. */
export interface KnownPage {
  readonly content: string;
  readonly profiles: readonly RegionProfile[];
}

/** Pages, and profiles of one page, at most. */
const [PAGES, PROFILES] = [8192, 32];

export class KnownCode {
  /** The least recently used first. */
  readonly #pages = new Map<string, Map<number, RegionProfile>>();

  constructor(pages: readonly KnownPage[] = []) {
    this.add(pages);
  }

  /** Regions of a page of this content. */
  find(content: string): readonly RegionProfile[] {
    return [...(this.#pages.get(content)?.values() ?? [])];
  }

  /** Adds profiles, and counts their pages as used. A profile takes the place of one of the same offset. */
  add(pages: readonly KnownPage[]): void {
    for (const { content, profiles } of pages) {
      const known = this.#pages.get(content) ?? new Map<number, RegionProfile>();
      for (const profile of profiles) {
        if (known.size < PROFILES || known.has(profile.offset)) known.set(profile.offset, profile);
      }
      this.#pages.delete(content);
      if (known.size > 0) this.#pages.set(content, known);
    }
    for (const oldest of this.#pages.keys()) {
      if (this.#pages.size <= PAGES) break;
      this.#pages.delete(oldest);
    }
  }

  /** The most recently used pages, the last used one last, whose profiles have `most` numbers together. */
  pages(most = Infinity): KnownPage[] {
    const pages: KnownPage[] = [];
    let left = most;
    for (const content of [...this.#pages.keys()].reverse()) {
      const profiles = this.find(content);
      left -= profiles.reduce((sum, profile) => sum + sizeOf(profile), 0);
      if (left < 0) break;
      pages.push({ content, profiles });
    }
    return pages.reverse();
  }
}

function sizeOf({ executed, jumps }: RegionProfile): number {
  return 4 + executed.length + jumps.reduce((sum, [, to]) => sum + 1 + to.length, 0);
}

/** Tells the content of a page from others by 96 bits. Two pages that are taken for one are compiled to no avail. */
export function contentOf(words: Int32Array): string {
  const hash = [0x811c9dc5, 0x2545f491, 0x9e3779b9];
  for (const word of words) {
    hash[0] = mix(hash[0] ^ word, 0x01000193);
    hash[1] = mix(hash[1] + word, 0x85ebca6b);
    hash[2] = mix(hash[2] ^ word, 0xc2b2ae35);
  }
  return hash.map((part) => (part >>> 0).toString(16).padStart(8, '0')).join('');
}

function mix(value: number, factor: number): number {
  const product = Math.imul(value, factor);
  return product ^ (product >>> 15);
}

/** Raised by every change after which profiles of before would be of no use. */
const VERSION = 1;
const HASH_BYTES = 32;

/** The form in which pages are kept: the SHA-256 of what follows, JSON. */
export async function encodePages(pages: readonly KnownPage[]): Promise<Uint8Array<ArrayBuffer>> {
  const text = new TextEncoder().encode(JSON.stringify({ version: VERSION, pages }));
  const bytes = new Uint8Array(HASH_BYTES + text.length);
  bytes.set(new Uint8Array(await crypto.subtle.digest('SHA-256', text)));
  bytes.set(text, HASH_BYTES);
  return bytes;
}

/** What {@link encodePages} has made; `undefined` for what is damaged, or of another version. */
export async function decodePages(bytes: Uint8Array<ArrayBuffer>): Promise<readonly KnownPage[] | undefined> {
  const text = bytes.subarray(HASH_BYTES);
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', text));
  if (bytes.length < HASH_BYTES || hash.some((byte, i) => byte !== bytes[i])) return undefined;
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(text));
    const { version, pages } = (value ?? {}) as { readonly version?: unknown; readonly pages?: unknown };
    return version === VERSION && Array.isArray(pages) && pages.every(isPage) ? pages : undefined;
  } catch {
    return undefined;
  }
}

function isPage(value: unknown): value is KnownPage {
  const { content, profiles } = (value ?? {}) as Partial<Record<keyof KnownPage, unknown>>;
  return typeof content === 'string' && Array.isArray(profiles) && profiles.every(isProfile);
}
