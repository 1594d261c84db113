/// <reference lib="webworker" />
import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { RegionProfile } from '../core/jit/profile.ts';
import { knownCodeDatabase } from '../devices/block/indexeddb/known-code.ts';
import { KnownCodeKeeper } from './known-code-keeper.ts';
import { contentOf, decodePages, encodePages, KnownCode } from './known-code.ts';

const profile = (offset: number, executed: readonly number[] = [0, 8]): RegionProfile => {
  return { offset, executed, jumps: [[4, [16, 32]]] };
};
const pages = ['a', 'b', 'c'].map((content) => ({ content, profiles: [profile(0), profile(64)] }));

beforeEach(() => {
  vi.stubGlobal('indexedDB', new IDBFactory());
});
afterEach(() => {
  vi.unstubAllGlobals();
});

/** What another visit finds. */
const keptPages = () => new KnownCodeKeeper(knownCodeDatabase()).pages();

describe('known code', () => {
  test('is found by the content of a page', () => {
    const words = Int32Array.from({ length: 1024 }, (_, i) => i * 7);
    const other = words.slice();
    other[1023] ^= 1 << 31;
    expect(contentOf(words)).toBe(contentOf(words.slice()));
    expect(contentOf(other)).not.toBe(contentOf(words));
    const known = new KnownCode([{ content: contentOf(words), profiles: [profile(8)] }]);
    expect(known.find(contentOf(words))).toEqual([profile(8)]);
    expect(known.find(contentOf(other))).toEqual([]);
  });

  test('is replaced by what is learned later of the same place', () => {
    const known = new KnownCode(pages);
    known.add([{ content: 'a', profiles: [profile(64, [2])] }]);
    expect(known.find('a')).toEqual([profile(0), profile(64, [2])]);
  });

  test('has an end', () => {
    const known = new KnownCode(
      Array.from({ length: 9000 }, (_, i) => ({ content: String(i), profiles: [profile(0)] })),
    );
    expect(known.pages()).toHaveLength(8192);
    expect(known.find('0')).toEqual([]);
    expect(known.find('8999')).toEqual([profile(0)]);
  });

  test('has a budget, for what was used last', () => {
    const known = new KnownCode(pages);
    known.add([{ content: 'a', profiles: [profile(0)] }]);
    expect(known.pages(40).map(({ content }) => content)).toEqual(['c', 'a']);
  });
});

describe('what is kept', () => {
  test('is what was written', async () => {
    expect(await decodePages(await encodePages(pages))).toEqual(pages);
  });

  test('is not believed when a bit of it has changed', async () => {
    const bytes = await encodePages(pages);
    for (const at of [0, 31, 32, 60, bytes.length - 1]) {
      const damaged = bytes.map((byte, i) => (i === at ? byte ^ 4 : byte));
      expect(await decodePages(damaged)).toBeUndefined();
    }
    expect(await decodePages(bytes.subarray(0, 10))).toBeUndefined();
    expect(await decodePages(new Uint8Array())).toBeUndefined();
  });

  test.each([
    { version: 0, pages: [] },
    { version: 1, pages: [{ content: 'a', profiles: [profile(1)] }] },
    { version: 1, pages: [{ content: 'a', profiles: [profile(4096)] }] },
    { version: 1, pages: [{ content: 'a', profiles: [profile(0, [-2])] }] },
    { version: 1, pages: [{ content: 'a', profiles: [{ offset: 0, executed: [], jumps: [[4]] }] }] },
    { version: 1, pages: [{ content: 7, profiles: [] }] },
    { version: 1, pages: [null] },
    null,
  ])('is not believed when it is of another form: %j', async (value) => {
    const text = new TextEncoder().encode(JSON.stringify(value));
    const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', text));
    expect(await decodePages(Uint8Array.from([...hash, ...text]))).toBeUndefined();
  });
});

describe('a visit', () => {
  test('knows what the one before has learned', async () => {
    const keeper = new KnownCodeKeeper(knownCodeDatabase());
    expect(await keeper.pages()).toEqual([]);
    keeper.learn(pages);
    await keeper.save();
    expect(await keptPages()).toEqual(pages);
  });

  test('writes some time after it has learned', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const write = vi.fn(async () => undefined);
    const keeper = new KnownCodeKeeper({ read: async () => undefined, write, delete: async () => undefined });
    keeper.learn(pages);
    keeper.learn(pages);
    expect(write).not.toHaveBeenCalled();
    await vi.runAllTimersAsync();
    vi.useRealTimers();
    await vi.waitFor(() => expect(write).toHaveBeenCalledOnce());
  });

  test('keeps what fits, of what was used last', async () => {
    const keeper = new KnownCodeKeeper(knownCodeDatabase(), 40);
    keeper.learn(pages);
    await keeper.save();
    expect((await keptPages()).map(({ content }) => content)).toEqual(['b', 'c']);
  });

  test('deletes what is damaged, and begins anew', async () => {
    const store = knownCodeDatabase();
    await store.write(Uint8Array.from({ length: 100 }, (_, i) => i));
    expect(await keptPages()).toEqual([]);
    expect(await store.read()).toBeUndefined();
  });

  test('goes on where nothing can be kept', async () => {
    vi.stubGlobal('indexedDB', undefined);
    const keeper = new KnownCodeKeeper(knownCodeDatabase());
    expect(await keeper.pages()).toEqual([]);
    keeper.learn(pages);
    await keeper.save();
    expect(await keeper.pages()).toEqual(pages);
  });

  test('does not wait for a store that does not answer', async () => {
    const never = (): Promise<never> => new Promise(() => undefined);
    expect(await new KnownCodeKeeper({ read: never, write: never, delete: never }).pages()).toEqual([]);
  });
});
