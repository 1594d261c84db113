import { describe, expect, test } from 'vitest';
import { ModuleBuilder } from '../wasm/module.ts';
import { CompiledCode, type CompiledModule, type CompiledRegion } from './compiled-code.ts';
import { LINK_ENTRY_SHIFT, LINK_FUNCTIONS } from './decoded.ts';

const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });

/** Functions for tables; each returns its number. */
const functions = (() => {
  const module = new ModuleBuilder(1);
  for (let i = 0; i < 8; i++) {
    const f = module.function(`f${i}`, {}, ['i32']);
    f.return(i);
    module.export(f);
  }
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.encode()), { env: { memory } });
  return Array.from({ length: 8 }, (_, i) => exports[`f${i}`] as () => number);
})();

interface At {
  readonly page?: number;
  readonly version?: number;
  readonly entries?: readonly number[];
}

const codeWith = (capacity: number): CompiledCode => new CompiledCode(capacity, new Uint8Array(8192));

const region = (number: number, { page = 5, version = 1, entries = [0] }: At = {}): CompiledRegion => ({
  ...{ run: functions[number], page, version, entries },
});
const module = (size: number, ...regions: readonly CompiledRegion[]): CompiledModule => ({ size, regions });

/** What a page's links lead to, by offset: the function's number and the entry. */
function links(code: CompiledCode, page = 5, version = 1): Record<number, string> {
  return Object.fromEntries(
    [...code.links(page, version)].map(([offset, link]) => {
      const run = code.table.get(link & (LINK_FUNCTIONS - 1)) as (() => number) | null;
      return [offset, `${run?.() ?? 'nothing'}.${link >>> LINK_ENTRY_SHIFT}`];
    }),
  );
}

/** How many functions are in the table. */
function kept({ table }: CompiledCode): number {
  let count = 0;
  for (let i = 0; i < table.length; i++) if (table.get(i) !== null) count++;
  return count;
}

describe('links', () => {
  test('lead to a function and one of its entries', () => {
    const code = codeWith(1000);
    const changed = code.add(module(10, region(1, { entries: [8, 0, 40] }), region(2, { page: 6, entries: [16] })));
    expect(changed).toEqual(new Set([5, 6]));
    expect(links(code)).toEqual({ 8: '1.0', 0: '1.1', 40: '1.2' });
    expect(links(code, 6)).toEqual({ 16: '2.0' });
    expect(links(code, 7)).toEqual({});
  });

  test('are never 0, which says that there is none', () => {
    const code = codeWith(1000);
    code.add(module(10, region(0)));
    expect([...code.links(5, 1).values()]).not.toContain(0);
  });

  test('of newer code replace older, and leave what is elsewhere', () => {
    const code = codeWith(1000);
    code.add(module(10, region(1, { entries: [0, 8] })));
    code.add(module(10, region(2, { entries: [16, 8] })));
    expect(links(code)).toEqual({ 0: '1.0', 8: '2.1', 16: '2.0' });
  });

  test('are those of the version that is asked for', () => {
    const code = codeWith(1000);
    code.add(module(10, region(1)));
    expect(links(code, 5, 2)).toEqual({});
    expect(links(code, 5, 0)).toEqual({});
  });

  test('of a newer version take the place of all older ones', () => {
    const code = codeWith(1000);
    code.add(module(10, region(1, { entries: [0, 8] })));
    code.add(module(10, region(2, { version: 2, entries: [8] })));
    expect(links(code, 5, 1)).toEqual({});
    expect(links(code, 5, 2)).toEqual({ 8: '2.0' });
  });

  test('of an older version, which comes late, are not taken', () => {
    const code = codeWith(1000);
    code.add(module(10, region(2, { version: 2 })));
    code.add(module(10, region(1, { version: 1, entries: [0, 8] })));
    expect(links(code, 5, 1)).toEqual({});
    expect(links(code, 5, 2)).toEqual({ 0: '2.0' });
  });

  test('know which version is newer where the count begins again', () => {
    const code = codeWith(1000);
    const [last, first] = [0x7fff_ffff, -0x8000_0000];
    code.add(module(10, region(1, { version: last })));
    code.add(module(10, region(2, { version: first })));
    expect(links(code, 5, first)).toEqual({ 0: '2.0' });
    code.add(module(10, region(3, { version: last })));
    expect(links(code, 5, first)).toEqual({ 0: '2.0' });
  });

  test('of pages that have another version now are dropped', () => {
    const code = codeWith(1000);
    code.add(module(10, region(1), region(2, { page: 6 })));
    code.dropStale((page) => (page === 5 ? 2 : 1));
    expect([links(code, 5, 1), links(code, 5, 2), links(code, 6, 1)]).toEqual([{}, {}, { 0: '2.0' }]);
  });
});

describe('a module to which no link leads any more', () => {
  /** What is kept of two functions on two pages, after something was done. */
  const after = (act: (code: CompiledCode) => void): readonly number[] => {
    const code = codeWith(1000);
    code.add(module(10, region(1), region(2, { page: 6 })));
    act(code);
    expect(kept(code)).toBe(code.functions);
    expect(code.evicted).toBe(0);
    return [code.functions, code.size, code.pages];
  };

  test('goes when the last of its pages has another version', () => {
    expect(after((code) => code.dropStale((page) => (page === 5 ? 2 : 1)))).toEqual([2, 10, 1]);
    expect(after((code) => code.dropStale(() => 2))).toEqual([0, 0, 0]);
  });

  test('goes when newer code has taken all of its links', () => {
    const newer = module(30, region(3), region(4, { page: 6, entries: [0, 8] }));
    expect(after((code) => code.add(newer))).toEqual([2, 30, 2]);
  });

  test('goes when code of newer versions has come', () => {
    const newer = module(30, region(3, { version: 2 }), region(4, { page: 6, version: 2 }));
    expect(after((code) => code.add(newer))).toEqual([2, 30, 2]);
  });

  test('is not kept at all when it comes late', () => {
    expect(after((code) => code.add(module(30, region(3, { version: 0 }))))).toEqual([2, 10, 2]);
  });

  test('tells which pages must not be linked to it', () => {
    const code = codeWith(1000);
    code.add(module(10, region(1), region(2, { page: 6 })));
    expect(code.dropStale((page) => (page === 5 ? 2 : 1))).toEqual(new Set([5]));
    expect(code.dropStale(() => 1)).toEqual(new Set());
  });

  test('stays while one of its functions is linked to that shares a place with another', () => {
    expect(after((code) => code.add(module(30, region(3, { entries: [8] }), region(4, { entries: [8, 16] }))))).toEqual(
      [4, 40, 2],
    );
  });
});

describe('code for which there is no room', () => {
  test('is the oldest', () => {
    const code = codeWith(100);
    code.add(module(40, region(1, { page: 1 })));
    code.add(module(40, region(2, { page: 2 })));
    const changed = code.add(module(40, region(3, { page: 3 })));
    expect([1, 2, 3].map((page) => links(code, page))).toEqual([{}, { 0: '2.0' }, { 0: '3.0' }]);
    expect(changed).toEqual(new Set([1, 3]));
    expect(code.evicted).toBe(1);
  });

  test('is the oldest that was not entered since its turn came last', () => {
    const used = new Uint8Array(8192);
    const code = new CompiledCode(100, used);
    const enter = (page: number): void => {
      const link = code.links(page, 1).get(0) ?? 0;
      used[link & (LINK_FUNCTIONS - 1)] = 1;
    };
    const left = (): number[] => [1, 2, 3, 4, 5].filter((page) => code.links(page, 1).size > 0);
    code.add(module(40, region(1, { page: 1 })));
    code.add(module(40, region(2, { page: 2 })));
    enter(1);
    code.add(module(40, region(3, { page: 3 })));
    expect(left()).toEqual([1, 3]);
    code.add(module(40, region(4, { page: 4 })));
    expect(left()).toEqual([3, 4]);
    for (const page of [3, 4]) enter(page);
    code.add(module(40, region(5, { page: 5 })));
    expect(left()).toEqual([4, 5]);
  });

  test('stays where all of it just fits', () => {
    const code = codeWith(100);
    code.add(module(60, region(1, { page: 1 })));
    code.add(module(40, region(2, { page: 2 })));
    expect(links(code, 1)).toEqual({ 0: '1.0' });
    expect(code.evicted).toBe(0);
  });

  test('goes with all of its module, and as much as is needed', () => {
    const code = codeWith(100);
    code.add(module(30, region(1, { page: 1 }), region(2, { page: 2 })));
    code.add(module(30, region(3, { page: 3 })));
    code.add(module(30, region(4, { page: 4 })));
    const changed = code.add(module(70, region(5, { page: 6 })));
    expect(changed).toEqual(new Set([1, 2, 3, 6]));
    expect(links(code, 4)).toEqual({ 0: '4.0' });
    expect(code.evicted).toBe(3);
    expect(kept(code)).toBe(2);
  });

  test('leaves links that newer code has taken', () => {
    const code = codeWith(100);
    code.add(module(40, region(1, { entries: [0, 8] })));
    code.add(module(40, region(2, { entries: [8, 16] })));
    code.add(module(40, region(3, { page: 6 })));
    expect(links(code)).toEqual({ 8: '2.0', 16: '2.1' });
  });

  test('leaves the links of a newer version', () => {
    const code = codeWith(100);
    code.add(module(40, region(1)));
    code.add(module(40, region(2, { version: 2 })));
    code.add(module(40, region(3, { page: 6 })));
    expect(links(code, 5, 2)).toEqual({ 0: '2.0' });
  });

  test('goes before newer code that is too large by itself, which is kept', () => {
    const code = codeWith(100);
    code.add(module(40, region(1, { page: 1 })));
    code.add(module(500, region(2, { page: 2 })));
    expect([links(code, 1), links(code, 2)]).toEqual([{}, { 0: '2.0' }]);
    code.add(module(40, region(3, { page: 3 })));
    expect([links(code, 2), links(code, 3)]).toEqual([{}, { 0: '3.0' }]);
  });

  test('gives its places in the table to others', () => {
    const code = codeWith(100);
    for (let i = 0; i < 5000; i++) code.add(module(40, region(i % 8, { page: i % 10 })));
    expect(kept(code)).toBe(2);
    expect(code.table.length).toBeLessThan(5000);
    expect(links(code, 9)).toEqual({ 0: `${4999 % 8}.0` });
    expect(code.evicted).toBe(4998);
  });
});

test('the oldest code goes when the table is full', () => {
  const code = new CompiledCode(1000, new Uint8Array(4));
  for (let i = 0; i < 8; i++) code.add(module(1, region(i, { page: i })));
  expect([code.functions, code.size, code.pages, code.evicted]).toEqual([3, 3, 3, 5]);
  expect([4, 5, 6, 7].map((page) => links(code, page))).toEqual([{}, { 0: '5.0' }, { 0: '6.0' }, { 0: '7.0' }]);
});

test('the table has room for many functions at once', () => {
  const code = codeWith(1e6);
  for (let i = 0; i < 5000; i++) code.add(module(1, region(i % 8, { page: i })));
  expect(links(code, 0)).toEqual({ 0: '0.0' });
  expect(links(code, 4999)).toEqual({ 0: '7.0' });
});
