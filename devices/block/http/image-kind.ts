/** What an image over HTTP must not be: something of which a part cannot be had without all before it. */

import { BlockError } from '../backend.ts';

const OTHERS: readonly (readonly [what: string, magic: string])[] = [
  ['compressed by gzip', '\x1f\x8b\x08'],
  ['compressed by zstd', '\x28\xb5\x2f\xfd'],
  ['compressed by xz', '\xfd7zXZ\0'],
];

/** Throws when the first bytes of a file are not those of an image that can be read in place. */
export function refusePacked(start: Uint8Array, url: string): void {
  const text = String.fromCharCode(...start.subarray(0, 64));
  const what = OTHERS.find(([, magic]) => text.startsWith(magic))?.[0];
  if (what !== undefined) {
    const message = `${url} is ${what}, and a disk image on a server has to be raw, or qcow2: convert it (npx tabhyve disk convert).`;
    throw new BlockError('network', message);
  }
  if (/^\s*<(!doctype|html)/i.test(text)) {
    throw new BlockError('network', `${url} is a web page, and not a disk image. Is the address right?`);
  }
}
