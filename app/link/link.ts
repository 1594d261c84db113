/**
 * A machine in a link: `#m1.` and base64url of compact JSON. Whoever opens it did not write it, so all of it is hostile:
 *
 *     m memory in MiB     a words added to the command line    k URL of a kernel            s script to run after boot
 *     p processors        c the whole command line             i URL of an initramfs        t title
 *     d disk in GiB                                            r URL of a disk image
 *
 * What has its default value is left out. An unknown key is an error: a machine with something missing is another one.
 */

import { defaultMachine, faultOfCmdline, faultOfNumber, limits, type MachineSettings } from '../settings/settings.ts';
import { decodeBase64url, digest, encodeBase64url } from './base64url.ts';

/**
 * A machine as a link describes it. URLs are relative to the page, or absolute on its own origin; a disk image may be on
 * another. It is named as `openHttpBase` of devices/block/http/ takes it: a manifest, an image, or one in files.
 */
export interface LinkedMachine extends MachineSettings {
  readonly title?: string;
  /** Words added to the images' own command line; there is no `cmdline` then. */
  readonly additions?: string;
  readonly kernel?: string;
  readonly initrd?: string;
  readonly root?: string;
  /** A shell script that runs on the console after boot. */
  readonly script?: string;
}

/** A link that cannot be opened. The message says why, and what to do. */
export class LinkError extends Error {
  override readonly name = 'LinkError';
}

const PREFIX = 'm1.';
/** Characters of a fragment: far more than any machine needs. */
const LONGEST = 8192;
export const LONGEST_TITLE = 80;
/** Bytes of a script that could fit into a command line of its own; what really fits depends on the other words. */
export const LONGEST_SCRIPT = 750;

const keys = {
  m: 'memoryMiB',
  p: 'cpus',
  d: 'diskGiB',
  a: 'additions',
  c: 'cmdline',
  k: 'kernel',
  i: 'initrd',
  r: 'root',
  s: 'script',
  t: 'title',
} as const;
type Key = keyof typeof keys;

/** The fragment of a link to this machine, without the `#`. Equal machines have equal fragments. */
export function writeLink(machine: LinkedMachine): string {
  const entries = (Object.keys(keys) as Key[])
    .map((key) => [key, machine[keys[key]]] as const)
    .filter(([key, value]) => value !== undefined && value !== '' && value !== defaults[key]);
  return PREFIX + encodeBase64url(new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries))));
}

const defaults: Partial<Record<Key, number>> = {
  m: defaultMachine.memoryMiB,
  p: defaultMachine.cpus,
  d: defaultMachine.diskGiB,
};

/**
 * Reads the fragment of a page's URL, with or without `#`; undefined if there is none. `page` is that URL, whose origin
 * kernel and initramfs must have. Throws a {@link LinkError} and nothing else.
 */
export function readLink(fragment: string, page: string): LinkedMachine | undefined {
  const text = fragment.replace(/^#/, '');
  if (text === '') return undefined;
  const version = /^m(\d{1,4})\./.exec(text)?.[1];
  if (version === undefined) throw new LinkError('This link does not describe a machine. It may have been cut off.');
  if (version !== '1')
    throw new LinkError('This link was made by a newer tabhyve. Reload the page, and open it again.');
  if (text.length > LONGEST) throw new LinkError(`This link is too long: ${text.length} characters of ${LONGEST}.`);
  return check(parse(text.slice(PREFIX.length)), page);
}

function parse(payload: string): Readonly<Record<string, unknown>> {
  const damaged = 'This link is damaged: parts of it are missing or changed. Ask for it again.';
  const bytes = decodeBase64url(payload);
  if (bytes === undefined) throw new LinkError(damaged);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new LinkError(damaged);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new LinkError(damaged);
  return value as Record<string, unknown>;
}

function check(json: Readonly<Record<string, unknown>>, page: string): LinkedMachine {
  const unknown = Object.keys(json).find((key) => !Object.hasOwn(keys, key));
  if (unknown !== undefined) {
    throw new LinkError(
      `This link asks for something that this page does not know (${visible(unknown.slice(0, 20))}).`,
    );
  }
  const number = (key: 'm' | 'p' | 'd', what: string): number => {
    const value = json[key] ?? defaultMachine[keys[key]];
    const fault = faultOfNumber(value, limits[keys[key]]);
    if (fault !== undefined) throw new LinkError(`The link's ${what} ${fault}.`);
    return value as number;
  };
  const string = (key: Key, what: string, longest: number): string | undefined => {
    const value = json[key];
    if (value === undefined) return undefined;
    if (typeof value !== 'string') throw new LinkError(`The link's ${what} is not text.`);
    if (new TextEncoder().encode(value).length > longest) {
      throw new LinkError(`The link's ${what} is longer than ${longest} bytes.`);
    }
    return value === '' ? undefined : value;
  };
  const cmdline = (key: 'a' | 'c'): string | undefined => {
    const value = string(key, 'command line', LONGEST);
    const fault = value === undefined ? undefined : faultOfCmdline(value);
    if (fault !== undefined) throw new LinkError(`The link's command line ${fault}.`);
    // The person must be shown what runs: a script comes as one, and not as a word that nobody can read.
    if (/(^|\s)"?tabhyve\./.test(value ?? '')) {
      throw new LinkError('The link hides a command in the command line (tabhyve.…), where nobody would see it.');
    }
    return value;
  };
  const image = (key: 'k' | 'i' | 'r', what: string): string | undefined => {
    const value = string(key, `address of the ${what}`, 1024);
    if (value !== undefined) checkImage(value, key, what, page);
    return value;
  };
  const machine = {
    title: string('t', 'title', 4 * LONGEST_TITLE)?.slice(0, LONGEST_TITLE),
    additions: cmdline('a'),
    cmdline: cmdline('c'),
    kernel: image('k', 'kernel'),
    initrd: image('i', 'initramfs'),
    root: image('r', 'disk'),
    script: string('s', 'script', LONGEST_SCRIPT),
  };
  if (machine.additions !== undefined && machine.cmdline !== undefined) {
    throw new LinkError('The link has two command lines.');
  }
  return {
    memoryMiB: number('m', 'memory in MiB'),
    cpus: number('p', 'number of processors'),
    diskGiB: number('d', 'disk in GiB'),
    ...defined(machine),
  };
}

function checkImage(value: string, key: 'k' | 'i' | 'r', what: string, page: string): void {
  const url = URL.canParse(value, page) ? new URL(value, page) : undefined;
  if (url === undefined) throw new LinkError(`The link's address of the ${what} is not one.`);
  const { origin, protocol, host } = new URL(page);
  const plain = url.username === '' && url.password === '';
  if (url.protocol === protocol && url.origin === origin && plain) return;
  // A browser does not let a page that came by https read what comes by http.
  if (key === 'r' && plain && (url.protocol === 'https:' || (url.protocol === 'http:' && protocol === 'http:'))) return;
  const advice =
    key === 'r'
      ? 'a disk image has to be on this site, or at an address that begins with https://.'
      : `only images of this site (${host}) are allowed. Download the file, and give it to the machine yourself.`;
  throw new LinkError(
    `The link takes its ${what} from another place (${visible(url.host || url.protocol)}); ${advice}`,
  );
}

/** The host of a linked disk image that is not on the page's own origin; undefined if it is, or there is none. */
export function foreignHost({ root }: LinkedMachine, page: string): string | undefined {
  if (root === undefined) return undefined;
  const url = new URL(root, page);
  return url.origin === new URL(page).origin ? undefined : url.host;
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function defined<T extends object>(object: T): Defined<T> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as Defined<T>;
}

/** The disk of a linked machine: its own, and the same one whenever an equal machine is opened. */
export async function diskIdOf(machine: LinkedMachine): Promise<string> {
  return `link-${await digest(writeLink(machine))}`;
}

/**
 * Text with nothing in it that a person could not see: control characters, characters that change the direction of
 * writing (https://trojansource.codes) and such of no width are written out.
 */
export function visible(text: string): string {
  return text.replace(
    /[^\P{C}\n\t]|[\u2028\u2029\u00ad\u115f\u1160\u3164\uffa0]/gu,
    (character) => `⟦U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟧`,
  );
}
