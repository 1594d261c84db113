/**
 * The doorbell of the machine thread: one word of "look here" bits that any thread sets and the machine thread takes.
 *
 * Protocol: a ringer first stores what it wants to be seen, then ORs its bit into the word, then notifies. The
 * machine thread exchanges the word for 0 before it looks, so that a ring during the look causes another look.
 * The sleeper is `Atomics.waitAsync`; where that is missing, or does not keep the process alive (Node), each ringer
 * has a MessagePort to the machine thread and posts when it was the first to set a bit.
 */
import type { AtomicWord } from './struct.ts';

/** The ringing side. */
export interface Doorbell {
  /** Sets `bits` (any of 32) and wakes the machine thread. */
  ring(bits: number): void;
}

/** A port that wakes the other side; a `MessagePort` of the page or of Node. */
export interface WakePort {
  postMessage(message: null): void;
}

/** The ringing side over `word`; `port` is needed where the machine thread cannot use `Atomics.waitAsync`. */
export function doorbell(word: AtomicWord, port?: WakePort): Doorbell {
  return {
    ring(bits) {
      if (word.or(bits) !== 0) return;
      word.notify();
      port?.postMessage(null);
    },
  };
}

/**
 * Calls `answer` with the set bits, on the event loop of the calling thread, each time that there are some.
 * Returns a function that takes what is set at once (for the port's message handler), and one that ends it.
 */
export function answerDoorbell(
  word: AtomicWord,
  answer: (bits: number) => void,
  options: { waitAsync: boolean },
): { poll: () => void; stop: () => void } {
  let stopped = false;
  const poll = (): void => {
    const bits = stopped ? 0 : word.exchange(0);
    if (bits !== 0) answer(bits);
  };
  const sleep = async (): Promise<void> => {
    while (!stopped) {
      const waiting = word.waitAsync(0);
      if (waiting === undefined) return;
      await waiting;
      poll();
    }
  };
  if (options.waitAsync) void sleep();
  return {
    poll,
    stop: () => {
      stopped = true;
      word.notify();
    },
  };
}
