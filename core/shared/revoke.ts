/**
 * How one thread has a hart drop entries of its caches, and knows that it has.
 *
 *   requester   ORs its bits into `requests`, adds 1 to `requested` (its ticket), sets attention, and waits until
 *               `acknowledged` has reached the ticket, or the hart is `parked`
 *   hart        reads `requested`, takes `requests`, acts, stores what it read in `acknowledged`, notifies
 *
 * Bits are set before the ticket is drawn and taken after it is read, so an acknowledged ticket's bits were acted on.
 * A parked hart runs no guest code, and serves requests before it does so again: leaving, it first clears `parked`,
 * then looks at `requests`, so that it or the requester sees the other. A requester that is a hart itself serves its
 * own requests while it waits, so that two cannot wait for each other for ever.
 */
import { Attention, Parked, type HartView } from './hart-state.ts';
import { getAttention } from './interrupts.ts';

/** How often a requester looks before it sleeps: a hart that runs guest code answers within microseconds. */
const SPINS = 200;
/** How long a waiting requester sleeps before it looks after itself, in milliseconds. */
const PATIENCE = 0.5;

/** Serves what was asked of `hart`, on its own thread. `act` drops what the bits name. */
export function serveRequests(hart: HartView, act: (requests: number) => void): void {
  hart.attention.and(~Attention.REVOKE);
  const ticket = hart.requested.load();
  const requests = hart.requests.exchange(0);
  if (requests !== 0) act(requests);
  if (hart.acknowledged.exchange(ticket) !== ticket) hart.acknowledged.notify();
}

/** Asks for `requests` of each of `harts`, and returns when all have done it. `serveOwn` is called while waiting. */
export function requestAll(harts: readonly HartView[], requests: number, serveOwn: () => void): void {
  const tickets = harts.map((hart) => {
    hart.requests.or(requests);
    const ticket = hart.requested.add(1) + 1;
    getAttention(hart, Attention.REVOKE);
    return ticket;
  });
  harts.forEach((hart, i) => {
    for (let spin = 0; ; spin++) {
      const served = hart.acknowledged.load();
      if (((served - tickets[i]) | 0) >= 0 || hart.parked.load() !== Parked.NOT) return;
      serveOwn();
      if (spin >= SPINS) hart.acknowledged.wait(served, PATIENCE);
    }
  });
}

/** Says that the hart runs no guest code until {@link unpark}. */
export function park(hart: HartView, how: typeof Parked.ASLEEP | typeof Parked.OUT): void {
  hart.parked.store(how);
  hart.parked.notify();
  hart.acknowledged.notify();
}

/** Ends {@link park}; the caller must then serve requests before it runs guest code. */
export function unpark(hart: HartView): void {
  hart.parked.store(Parked.NOT);
}
