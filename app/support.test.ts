import { expect, test } from 'vitest';
import { readSupport } from './support.ts';

const missing = (browser: Parameters<typeof readSupport>[0]): string[] =>
  readSupport(browser)
    .filter((feature) => !feature.present)
    .map((feature) => feature.name);

const complete = {
  isSecureContext: true,
  crossOriginIsolated: true,
  SharedArrayBuffer,
  Atomics,
  WebAssembly: {},
  Worker: {},
  MessageChannel: {},
  indexedDB: {},
};

test('a browser with everything misses nothing', () => {
  expect(missing(complete)).toEqual([]);
});

test('a page that is not isolated has no shared memory, even where the constructor exists', () => {
  expect(missing({ ...complete, crossOriginIsolated: false })).toEqual(['SharedArrayBuffer']);
});

test('a private window without a database is told so', () => {
  const { indexedDB: _, ...browser } = complete;
  expect(missing(browser)).toEqual(['IndexedDB']);
});

test('plain http on a local network misses much, but says first what to mend first', () => {
  expect(missing({ isSecureContext: false, crossOriginIsolated: false })[0]).toBe('A secure context');
});
