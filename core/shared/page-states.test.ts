import { expect, test } from 'vitest';
import { GuestRam } from './guest-ram.ts';
import { createMemory, layOut, PAGE_STATE_WRITABLE, PageState, RAM_BASE } from './memory-map.ts';
import { PageStates } from './page-states.ts';

function machine(): { states: PageStates; ram: GuestRam; bytes: Uint8Array; pageState: number } {
  const map = layOut({ harts: 1, ramBytes: 2 << 20 });
  const memory = createMemory(map);
  const bytes = new Uint8Array(memory.buffer);
  return { states: new PageStates(memory, map), ram: new GuestRam(memory, map), bytes, pageState: map.pageState };
}

test('code of a page that may be in store TLBs is read after they were revoked', () => {
  const { states, bytes, pageState } = machine();
  let revoked = 0;
  const claim = (page: number): number => states.claimCode(page, () => revoked++);
  claim(3);
  expect([revoked, bytes[pageState + 3]]).toEqual([0, PageState.HAS_CODE]);
  bytes[pageState + 4] = PAGE_STATE_WRITABLE;
  claim(4);
  expect([revoked, bytes[pageState + 4]]).toEqual([1, PageState.HAS_CODE]);
});

test('the first write to a page with code makes what was decoded stale, and only that page', () => {
  const { states, ram } = machine();
  const versions = [1, 2].map((page) => states.claimCode(page, () => undefined));
  const epoch = states.codeEpoch.load();
  ram.writeU32(RAM_BASE + 4096, 1);
  expect(states.version(1)).not.toBe(versions[0]);
  expect(states.version(2)).toBe(versions[1]);
  expect(states.codeEpoch.load()).not.toBe(epoch);
  const [version, later] = [states.version(1), states.codeEpoch.load()];
  ram.writeU32(RAM_BASE + 4096, 2);
  expect([states.version(1), states.codeEpoch.load()]).toEqual([version, later]);
});

test('a write over several pages tells each', () => {
  const { states, ram } = machine();
  const before = [0, 1, 2, 3].map((page) => states.claimCode(page, () => undefined));
  ram.fill(RAM_BASE + 4095, 4098, 7);
  expect([0, 1, 2, 3].map((page) => states.version(page) !== before[page])).toEqual([true, true, true, false]);
  ram.write(RAM_BASE + 3 * 4096, new Uint8Array(0));
  expect(states.version(3)).toBe(before[3]);
});

test('guest RAM refuses what is not in it, whatever a guest makes of an address', () => {
  const { ram } = machine();
  const end = RAM_BASE + ram.size;
  for (const [address, length] of [
    [RAM_BASE - 1, 1],
    [end, 1],
    [end - 4, 8],
    [RAM_BASE, -1],
    [2 ** 64, 8],
    [Number.NaN, 1],
    [RAM_BASE, Infinity],
  ]) {
    expect(ram.contains(address, length)).toBe(false);
  }
  expect(ram.contains(end - 8, 8)).toBe(true);
  expect(() => ram.readU32(end - 2)).toThrow(RangeError);
  ram.write(end - 8, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8));
  expect([ram.readU8(end - 1), ram.readU16(end - 7), ram.readU32(end - 6)]).toEqual([8, 0x0302, 0x0605_0403]);
  expect(ram.readU64(end - 8)).toBe(Number(0x0807_0605_0403_0201n));
});

test('pages that were ever written or executed are used, wherever they are', () => {
  const { states, bytes, pageState } = machine();
  expect(states.used()).toBe(0);
  bytes[pageState] = PAGE_STATE_WRITABLE;
  for (const page of [3, 4, 6, 511]) bytes[pageState + page] = PageState.HAS_CODE;
  expect(states.used()).toBe(5);
});
