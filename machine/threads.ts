/** What the machine thread needs of the platform to run harts: the page's workers, or Node's threads. */
import type { BoardShape } from './board.ts';
import type { KnownPage } from './known-code.ts';

/** What a hart's thread is given at its start. Can be posted. */
export interface HartInit {
  readonly memory: WebAssembly.Memory;
  readonly shape: BoardShape;
  readonly index: number;
  /** The hart's code, if it was generated already. */
  readonly code?: WebAssembly.Module;
}

/** A thread of the machine. */
export interface MachineThread {
  /** Ends the thread, wherever it is. */
  terminate(): Promise<void>;
}

export interface ThreadEvents {
  /** A hart rang by its port. */
  wake(): void;
  /** A thread died of an error of ours. */
  failed(error: Error): void;
  /** The compiler has learned what is hot. */
  learned(pages: readonly KnownPage[]): void;
}

export interface ThreadHost {
  /** Whether the machine thread can sleep on a shared word by `Atomics.waitAsync`; else harts are given a port. */
  readonly waitAsync: boolean;
  /** Starts a thread for each hart, and one that compiles for them. `known`: what was hot before. */
  start(harts: readonly HartInit[], events: ThreadEvents, known: readonly KnownPage[]): MachineThread[];
}
