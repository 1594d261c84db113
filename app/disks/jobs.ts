import type { Proceed } from '../../machine/api-disks.ts';
import { messageOf } from '../../machine/message.ts';

/** Long work under way. */
export interface Job {
  /** "Importing debian.qcow2". */
  readonly title: string;
  readonly done: number;
  readonly total: number | undefined;
  readonly canCancel: boolean;
  /** The person has called it off; it takes a moment to end. */
  readonly cancelled: boolean;
}

/** How the last work ended. */
export interface Outcome {
  readonly kind: 'done' | 'failed';
  readonly message: string;
  /** A file that the browser has for the person, and what it is called. */
  readonly file?: { readonly url: string; readonly name: string };
}

export interface JobsState {
  readonly job?: Job;
  readonly outcome?: Outcome;
}

/** What work tells when it is done. */
export type Report = Omit<Outcome, 'kind'>;

/** Work on disks, one at a time. It goes on while its dialog is closed. A store that React subscribes to. */
export class Jobs {
  readonly #listeners = new Set<() => void>();
  #state: JobsState = {};
  #last: Promise<void> = Promise.resolve();

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
  readonly getState = (): JobsState => this.#state;

  /**
   * Does it after all that was asked for before. Resolves when it is done, has failed or was called off; to whether it is
   * done. `work` can be called off when it calls `proceed`.
   */
  run(title: string, work: (proceed: Proceed) => Promise<Report>): Promise<boolean> {
    return this.#inTurn(title, true, work);
  }

  /** The same of short work, which cannot be called off. */
  runShort(title: string, work: () => Promise<Report>): Promise<boolean> {
    return this.#inTurn(title, false, work);
  }

  async #inTurn(title: string, canCancel: boolean, work: (proceed: Proceed) => Promise<Report>): Promise<boolean> {
    const before = this.#last;
    let end: () => void = () => undefined;
    this.#last = new Promise((resolve) => (end = resolve));
    await before;
    try {
      return await this.#run({ title, canCancel, done: 0, total: undefined, cancelled: false }, work);
    } finally {
      end();
    }
  }

  /** Calls off what is under way. */
  cancel(): void {
    const { job } = this.#state;
    if (job?.canCancel === true) this.#set({ ...this.#state, job: { ...job, cancelled: true } });
  }

  /** Forgets how the last work ended. */
  dismiss(): void {
    const { outcome: _, ...rest } = this.#state;
    this.#set(rest);
  }

  async #run(job: Job, work: (proceed: Proceed) => Promise<Report>): Promise<boolean> {
    this.#set({ job });
    try {
      const report = await work(({ done, total }) => {
        const cancelled = this.#state.job?.cancelled ?? false;
        this.#set({ job: { ...job, done, total, cancelled } });
        return !cancelled;
      });
      this.#set({ outcome: { kind: 'done', ...report } });
      return true;
    } catch (error) {
      this.#set(isCalledOff(error) ? {} : { outcome: { kind: 'failed', message: messageOf(error) } });
      return false;
    }
  }

  #set(state: JobsState): void {
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }
}

const isCalledOff = (error: unknown): boolean => error instanceof Error && error.name === 'AbortError';
