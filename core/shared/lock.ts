/**
 * A lock word in shared memory.
 *
 *   0  free
 *   1  held, nobody sleeps
 *   2  held, somebody may sleep
 *
 * Who takes it stores 1 or 2 over 0 by compare-exchange; who frees it stores 0 and wakes one sleeper if it was 2.
 * Sections are short (a register access, one completion), so a taker spins before it sleeps.
 * A machine is copied only while no thread is inside, so that a lock in a copied memory is always free.
 */
import type { AtomicWord } from './struct.ts';

const SPINS = 200;

/** Runs `section` while holding `word`. Not reentrant. */
export function withLock<T>(word: AtomicWord, section: () => T): T {
  acquire(word);
  try {
    return section();
  } finally {
    if (word.exchange(0) === 2) word.notify();
  }
}

function acquire(word: AtomicWord): void {
  for (let spin = 0; spin < SPINS; spin++) {
    if (word.compareExchange(0, 1) === 0) return;
  }
  while (word.exchange(2) !== 0) word.wait(2);
}
