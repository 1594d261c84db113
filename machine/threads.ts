/** What the machine thread needs of the platform to run harts: the page's workers, or Node's threads. */
import type { BoardShape } from './board.ts';

/** What a hart's thread is given at its start. Can be posted. */
export interface HartInit {
  readonly memory: WebAssembly.Memory;
  readonly shape: BoardShape;
  readonly index: number;
  /** The hart's code, if it was generated already. */
  readonly code?: WebAssembly.Module;
}

export interface HartThread {
  /** Ends the thread, wherever it is. */
  terminate(): Promise<void>;
}

export interface ThreadEvents {
  /** The thread rang by its port. */
  wake(): void;
  /** The thread died of an error of ours. */
  failed(error: Error): void;
}

export interface ThreadHost {
  /** Whether the machine thread can sleep on a shared word by `Atomics.waitAsync`; else harts are given a port. */
  readonly waitAsync: boolean;
  startHart(init: HartInit, events: ThreadEvents): HartThread;
}
