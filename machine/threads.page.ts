/**
 * The page's side of requested-thread.ts: starts the threads that a machine worker asks for, on the page's own thread.
 *
 * The browser takes a tenth of a second and more to start a thread. When a guest is about to be loaded, the threads of a
 * machine of one hart are therefore started, and wait for their ports.
 */
import type { ThreadEntry, ThreadRequest } from './requested-thread.ts';

const start: Readonly<Record<ThreadEntry, (name: string) => Worker>> = {
  hart: (name) => new Worker(new URL('./hart.worker.ts', import.meta.url), { type: 'module', name }),
  compiler: (name) => new Worker(new URL('./compiler.worker.ts', import.meta.url), { type: 'module', name }),
  loader: (name) => new Worker(new URL('./loader.worker.ts', import.meta.url), { type: 'module', name }),
};

/** What is asked for when the guest is loaded. */
const AFTER_LOADING: readonly ThreadEntry[] = ['hart', 'compiler'];

/** The threads of a machine worker. They have to be ended with it, since they would outlive it. */
export class PageThreads {
  readonly #workers = new Set<Worker>();
  /** Those that were started before they are asked for. */
  readonly #spare = new Map<ThreadEntry, Worker>();
  #ended = false;

  /** Returns what the machine worker is given, to ask by. */
  connect(): MessagePort {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }: MessageEvent<ThreadRequest>) => this.#start(data);
    return port2;
  }

  /** Ends all of them, and starts no more. */
  end(): void {
    this.#ended = true;
    for (const worker of this.#workers) worker.terminate();
    this.#workers.clear();
    this.#spare.clear();
  }

  #startSpare(entry: ThreadEntry): void {
    if (this.#ended || this.#spare.has(entry)) return;
    const worker = start[entry](entry);
    this.#workers.add(worker);
    this.#spare.set(entry, worker);
    // Who asks for it gets a new one, and is told if that fails as well.
    worker.onerror = (event) => {
      event.preventDefault();
      this.#spare.delete(entry);
      this.#workers.delete(worker);
    };
  }

  #start({ entry, name, port, control }: ThreadRequest): void {
    if (this.#ended) return;
    const worker = this.#spare.get(entry) ?? start[entry](name);
    this.#spare.delete(entry);
    this.#workers.add(worker);
    worker.onerror = (event) => {
      event.preventDefault();
      // Where the script cannot be fetched, the event has no message.
      control.postMessage(event.message || 'its script cannot be loaded');
    };
    control.onmessage = () => {
      worker.terminate();
      this.#workers.delete(worker);
    };
    worker.postMessage(port, [port]);
    if (entry === 'loader') for (const next of AFTER_LOADING) this.#startSpare(next);
  }
}
