/** What the two threads of threads.int.test.ts share, and the parts that either can play. */
import { byteRingLayout, ByteRing } from '../byte-ring.ts';
import { Attention, HartState, Parked, type HartView } from '../hart-state.ts';
import { withLock } from '../lock.ts';
import { park, requestAll, serveRequests, unpark } from '../revoke.ts';
import { array, atomic32, struct, u32, type ViewOf } from '../struct.ts';

const ring = byteRingLayout(64);
const Shared = struct('Shared', {
  lock: atomic32,
  /** Changed under the lock, with no atomics. */
  counter: u32,
  ring,
  harts: array(HartState, 2),
  /** 1 while the hart may write `written`; it keeps a copy of this that only a revocation takes away. */
  granted: atomic32,
  written: atomic32,
  /** Threads that have come to the start. */
  ready: atomic32,
  done: atomic32,
});
export type SharedView = ViewOf<typeof Shared>;

export const sharedBytes = Shared.size;
export const sharedView = (buffer: SharedArrayBuffer): SharedView => Shared.view(buffer, 0);

/** Waits until both threads are here. */
export function meet(shared: SharedView): void {
  shared.ready.add(1);
  shared.ready.notify();
  for (let ready = shared.ready.load(); ready < 2; ready = shared.ready.load()) shared.ready.wait(ready, 100);
}

/** Adds 1 to the counter `rounds` times, under the lock. */
export function count(shared: SharedView, rounds: number): void {
  for (let i = 0; i < rounds; i++) {
    withLock(shared.lock, () => {
      const before = shared.counter;
      for (let spin = i % 7; spin > 0; spin--) shared.ready.load();
      shared.counter = before + 1;
    });
  }
}

/** The byte that stands at a place of the stream. */
export const byteAt = (place: number): number => (Math.imul(place, 0x9e37_79b1) >>> 24) & 0xff;

/** Writes the first bytes of the stream, in pieces of changing size. */
export function produce(shared: SharedView, bytes: number): void {
  const to = new ByteRing(shared.ring);
  for (let at = 0; at < bytes;) {
    const piece = Uint8Array.from({ length: Math.min(1 + (at % 23), bytes - at) }, (_, i) => byteAt(at + i));
    const taken = to.write(piece);
    at += taken;
    if (taken === 0) shared.ring.head.wait(shared.ring.head.load(), 1);
  }
}

/** Reads so many bytes: the number of those that are wrong. */
export function consume(shared: SharedView, bytes: number): number {
  const from = new ByteRing(shared.ring);
  let wrong = 0;
  for (let at = 0; at < bytes;) {
    const piece = from.read(1 + (at % 17));
    piece.forEach((byte, i) => (wrong += byte === byteAt(at + i) ? 0 : 1));
    at += piece.length;
    if (piece.length === 0) shared.ring.tail.wait(shared.ring.tail.load(), 1);
  }
  return wrong;
}

/** A hart: writes while it believes that it may, and forgets that when it is told to. Parks now and then. */
export function runHart(shared: SharedView, hart: HartView): void {
  let believes = false;
  const serve = (): void => serveRequests(hart, () => (believes = false));
  for (let turn = 0; (hart.attention.load() & Attention.STOP) === 0; turn++) {
    if ((hart.attention.load() & Attention.REVOKE) !== 0) serve();
    if (believes) shared.written.add(1);
    else believes = shared.granted.load() === 1;
    if (turn % 1000 !== 999) continue;
    park(hart, Parked.ASLEEP);
    hart.attention.wait(0, 0.2);
    unpark(hart);
    serve();
  }
  park(hart, Parked.OUT);
}

/** Asks the other hart again and again, which asks this one. */
export function askEachOther(own: HartView, other: HartView, rounds: number): void {
  for (let i = 0; i < rounds; i++) {
    requestAll([other], 1, () => serveRequests(own, () => undefined));
    if ((own.attention.load() & Attention.REVOKE) !== 0) serveRequests(own, () => undefined);
  }
  park(own, Parked.OUT);
}
