import { describe, expect, test } from 'vitest';
import { assembleText } from '../isa/assemble-text.ts';
import { Exit, Revoke } from '../shared/hart-state.ts';
import { GuestRam } from '../shared/guest-ram.ts';
import { createMemory, DECODE_SLOTS, layOut, PAGE_SIZE } from '../shared/memory-map.ts';
import { requestAll, serveRequests } from '../shared/revoke.ts';
import { Hart } from './hart.ts';

const BASE = 0x8000_0000;

/** Hart 0 of two; `whileWaiting` is called whenever it waits for hart 1. */
function firstOfTwo(whileWaiting: (hart: Hart) => void = () => undefined) {
  const map = layOut({ harts: 2, ramBytes: 8 << 20 });
  const memory = createMemory(map);
  const hart: Hart = new Hart(memory, map, 0, {
    clock: { ticks: () => 0n },
    bus: { read: () => undefined, write: () => false },
    revokeOtherStores: () => whileWaiting(hart),
  });
  hart.reset(BigInt(BASE));
  return { hart, ram: new GuestRam(memory, map), memory, map };
}

describe('decoded pages', () => {
  test('an instruction across two pages survives that the second takes the place of the first', () => {
    const { hart, ram } = firstOfTwo();
    // As many pages as there is room for, all but the second of RAM; then back to the end of the first.
    const last = DECODE_SLOTS * PAGE_SIZE;
    ram.write(BASE, assembleText(`li t0, ${BASE + 2 * PAGE_SIZE}\njr t0`).bytes);
    for (let at = 2 * PAGE_SIZE; at < last; at += PAGE_SIZE) {
      ram.write(BASE + at, assembleText(`j next\n.zero ${PAGE_SIZE - 4}\nnext:`, BASE + at).bytes);
    }
    ram.write(BASE + last, assembleText(`li t0, ${BASE + PAGE_SIZE - 2}\njr t0`).bytes);
    ram.write(BASE + PAGE_SIZE - 2, assembleText('addi a0, a0, 5\nwfi').bytes);
    expect(hart.run(10_000)).toBe(Exit.WFI);
    expect(hart.view.x[10]).toBe(5n);
  });

  test('a write that comes while the page is claimed is seen at the next fence', () => {
    const address = BASE + PAGE_SIZE;
    let code: GuestRam | undefined;
    const { hart, ram } = firstOfTwo(() => {
      // The other hart writes once more before it acknowledges; and this one serves a fence while it waits.
      code?.write(address, assembleText('li a0, 2\nret').bytes);
      hart.revoke(Revoke.CODE);
      code = undefined;
    });
    ram.write(
      BASE,
      assembleText(`
        li   t0, ${address}
        sw   zero, 64(t0)          # so that the page is writable, and its claim waits
        callr t0
        mv   a1, a0
        fence.i
        wfi
        callr t0
        wfi`).bytes,
    );
    ram.write(address, assembleText('li a0, 1\nret').bytes);
    code = ram;
    expect(hart.run(100)).toBe(Exit.WFI);
    expect(hart.view.x[11]).toBe(2n);
    ram.write(address, assembleText('li a0, 3\nret').bytes);
    hart.revoke(Revoke.CODE);
    expect(hart.run(100)).toBe(Exit.WFI);
    expect(hart.view.x[10]).toBe(3n);
  });

  test('a remote fence that is served while a page is claimed voids the translation that led there', () => {
    const [root, middle, lowest, first, second] = [16, 17, 18, 20, 21].map((page) => BASE + page * PAGE_SIZE);
    const pointer = (address: number): bigint => BigInt(address / 4 + 1);
    const leaf = (address: number): bigint => BigInt(address / 4 + 0xcf);
    const put = (ram: GuestRam, address: number, entry: bigint): void => {
      const bytes = new Uint8Array(8);
      new DataView(bytes.buffer).setBigUint64(0, entry, true);
      ram.write(address, bytes);
    };
    let armed = false;
    const { hart, ram } = firstOfTwo(({ view }) => {
      if (!armed) return;
      armed = false;
      put(ram, lowest, leaf(second));
      // As the other hart does it, and as the hart's loop serves it.
      const serve = (): void => serveRequests(view, (requests) => hart.revoke(requests));
      requestAll([view], Revoke.TLB, serve);
    });
    put(ram, root + 8, pointer(middle));
    put(ram, root + 16, leaf(BASE));
    put(ram, middle, pointer(lowest));
    put(ram, lowest, leaf(first));
    ram.write(
      BASE,
      assembleText(`
        li   t0, ${(8n << 60n) | BigInt(root / PAGE_SIZE)}
        csrw satp, t0
        li   t0, -1
        csrw pmpaddr0, t0
        li   t0, 0x1f
        csrw pmpcfg0, t0
        li   t0, 0x800
        csrs mstatus, t0
        la   t0, supervisor
        csrw mepc, t0
        li   t0, 0x40000000
        mret
      supervisor:
        li   t1, ${first}
        sw   zero, 64(t1)
        wfi
        callr t0
        wfi`).bytes,
    );
    ram.write(first, assembleText('li a0, 1\nret').bytes);
    ram.write(second, assembleText('li a0, 2\nret').bytes);
    expect(hart.run(100)).toBe(Exit.WFI);
    armed = true;
    expect(hart.run(100)).toBe(Exit.WFI);
    expect(hart.view.x[10]).toBe(2n);
  });
});
