import fc from 'fast-check';
import { expect, test } from 'vitest';
import { defaultMachine } from '../settings/settings.ts';
import { encodeBase64url } from './base64url.ts';
import { diskIdOf, foreignHost, LinkError, readLink, visible, writeLink, type LinkedMachine } from './link.ts';

const page = 'https://example.org/vm/?x#y';
const linkOf = (json: unknown): string => `#m1.${encodeBase64url(new TextEncoder().encode(JSON.stringify(json)))}`;

const complete: LinkedMachine = {
  memoryMiB: 1024,
  cpus: 2,
  diskGiB: 4,
  title: 'Löcher in Dateien',
  additions: 'debug loglevel=7',
  kernel: 'guest/Image-1.zst',
  initrd: 'https://example.org/other/initrd',
  root: '/root.json',
  script: 'echo "hällo" && ls\n',
};

test('a machine survives the round trip', () => {
  expect(readLink(`#${writeLink(complete)}`, page)).toEqual(complete);
});

test('defaults take no room', () => {
  expect(writeLink(defaultMachine)).toBe(`m1.${encodeBase64url(new TextEncoder().encode('{}'))}`);
  expect(readLink(writeLink(defaultMachine), page)).toEqual(defaultMachine);
});

test('a disk image may be on another host, which is said', () => {
  const root = 'https://other.example:8443/v1/disk.img#size=2147483648&part=262144';
  const machine = { ...defaultMachine, root };
  expect(readLink(writeLink(machine), page)).toEqual(machine);
  expect(foreignHost(machine, page)).toBe('other.example:8443');
  expect(foreignHost({ ...machine, root: '/root.json' }, page)).toBeUndefined();
  expect(foreignHost(defaultMachine, page)).toBeUndefined();
  // In a page that came by http itself, the other host's may do so, too.
  const near = { ...defaultMachine, root: 'http://localhost:8080/disk.img' };
  expect(readLink(writeLink(near), 'http://localhost:5173/')).toEqual(near);
});

test('no fragment is no link', () => {
  expect(readLink('', page)).toBeUndefined();
  expect(readLink('#', page)).toBeUndefined();
});

test.each([
  ['something else', '#top', /does not describe a machine/],
  ['a later version', '#m2.e30', /newer tabhyve/],
  ['no base64', '#m1.{}', /damaged/],
  ['base64 of the wrong length', '#m1.e30aa', /damaged/],
  ['no UTF-8', '#m1._w', /damaged/],
  ['no JSON', `#m1.${btoa('{"m":')}`.replaceAll('=', ''), /damaged/],
  ['no object', linkOf([1]), /damaged/],
  ['null', linkOf(null), /damaged/],
  ['an unknown key', linkOf({ q: 1 }), /does not know \(q\)/],
  ['a key of every object', `#m1.${btoa('{"__proto__":{"s":"x"}}')}`.replaceAll('=', ''), /does not know/],
  ['too much memory', linkOf({ m: 4096 }), /memory in MiB must be from 64 to 3072/],
  ['half a processor', linkOf({ p: 0.5 }), /processors must be a whole number/],
  ['text for a number', linkOf({ d: '1' }), /disk in GiB must be a whole number/],
  ['a number for text', linkOf({ s: 1 }), /script is not text/],
  ['a long script', linkOf({ s: 'x'.repeat(751) }), /script is longer than 750 bytes/],
  ['a command line of two lines', linkOf({ a: 'a\nb' }), /command line may hold/],
  ['two command lines', linkOf({ a: 'a', c: 'b' }), /two command lines/],
  ['a hidden script', linkOf({ a: 'debug tabhyve.run=bHM' }), /hides a command/],
  ['a hidden script in quotes', linkOf({ c: '"tabhyve.exec=bHM"' }), /hides a command/],
  ['another origin', linkOf({ k: 'https://evil.example/Image' }), /another place \(evil\.example\)/],
  ['another origin without a scheme', linkOf({ k: '//evil.example/Image' }), /another place/],
  ['a disk that came by http', linkOf({ r: 'http://other.example/disk.img' }), /begins with https:/],
  ['a disk with a password', linkOf({ r: 'https://a:b@other.example/disk.img' }), /another place/],
  ['a disk of another scheme', linkOf({ r: 'data:text/plain,x' }), /another place \(data:\)/],
  ['another scheme', linkOf({ i: 'data:text/plain,x' }), /another place \(data:\)/],
  ['a script for an address', linkOf({ k: 'javascript:alert(1)' }), /another place \(javascript:\)/],
  ['a blob of this origin', linkOf({ k: 'blob:https://example.org/1' }), /another place/],
  ['another port', linkOf({ k: 'https://example.org:8443/x' }), /another place/],
  ['credentials', linkOf({ k: 'https://me:secret@example.org/x' }), /another place/],
  ['no address', linkOf({ k: 'https://[' }), /is not one/],
  ['more than a link can hold', `#m1.${'A'.repeat(9000)}`, /too long/],
])('a link with %s is refused', (_, fragment, message) => {
  expect(() => readLink(fragment, page)).toThrow(LinkError);
  expect(() => readLink(fragment, page)).toThrow(message);
});

test('whatever the fragment holds, there is a machine or a LinkError', () => {
  const json = fc.dictionary(fc.constantFrom(...'mpdackirst', '__proto__', 'x'), fc.jsonValue());
  const fragments = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary' }).map((text) => `#m1.${text}`),
    fc.uint8Array().map((bytes) => `#m1.${encodeBase64url(bytes)}`),
    json.map(linkOf),
  );
  fc.assert(
    fc.property(fragments, (fragment) => {
      try {
        const machine = readLink(fragment, page);
        if (machine) expect(readLink(writeLink(machine), page)).toEqual(machine);
      } catch (error) {
        expect(error).toBeInstanceOf(LinkError);
      }
    }),
    { numRuns: 500 },
  );
});

test('equal machines share a disk, and others do not', async () => {
  const shuffled = Object.fromEntries(Object.entries(complete).reverse()) as unknown as LinkedMachine;
  expect(await diskIdOf(shuffled)).toBe(await diskIdOf(complete));
  expect(await diskIdOf({ ...complete, script: 'echo other' })).not.toBe(await diskIdOf(complete));
  expect(await diskIdOf(complete)).toMatch(/^link-[0-9a-f]{20}$/);
});

test('nothing in a shown script is invisible', () => {
  expect(visible('a\u202eb\u200b\x1b[2J\n\tc')).toBe('a⟦U+202E⟧b⟦U+200B⟧⟦U+001B⟧[2J\n\tc');
  expect(visible('grüße 漢字 🙂')).toBe('grüße 漢字 🙂');
});
