/**
 * Punches holes into a file. Node has no fallocate(2), so the command of util-linux does it, one range a process: what
 * is asked for while the processes run is merged with its neighbours.
 */

import { spawn } from 'node:child_process';

/** FALLOC_FL_PUNCH_HOLE with FALLOC_FL_KEEP_SIZE. Rejects where that is not possible. */
export function fallocatePunch(path: string, offset: number, length: number): Promise<void> {
  if (process.platform !== 'linux') return Promise.reject(new Error(`not on ${process.platform}`));
  return new Promise((resolve, reject) => {
    const args = ['--punch-hole', '--offset', String(offset), '--length', String(length), '--', path];
    const child = spawn('fallocate', args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(said.trim() || `fallocate ended with ${code}`));
    });
  });
}

interface Waiting {
  from: number;
  to: number;
  readonly callers: { readonly resolve: () => void; readonly reject: (error: unknown) => void }[];
}

/** Processes at a time. */
const PROCESSES = 2;

export class HolePunch {
  readonly #punch: (offset: number, length: number) => Promise<void>;
  #waiting: Waiting[] = [];
  #processes = 0;

  constructor(punch: (offset: number, length: number) => Promise<void>) {
    this.#punch = punch;
  }

  /** Resolves when the range is a hole. */
  punch(offset: number, length: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#merge({ from: offset, to: offset + length, callers: [{ resolve, reject }] });
      // The other ranges of the same request are asked for in this turn.
      queueMicrotask(() => this.#next());
    });
  }

  #merge(range: Waiting): void {
    const apart: Waiting[] = [];
    for (const other of this.#waiting) {
      if (other.to < range.from || range.to < other.from) {
        apart.push(other);
        continue;
      }
      range.from = Math.min(range.from, other.from);
      range.to = Math.max(range.to, other.to);
      range.callers.push(...other.callers);
    }
    this.#waiting = [...apart, range];
  }

  #next(): void {
    while (this.#processes < PROCESSES) {
      const range = this.#waiting.shift();
      if (!range) return;
      this.#processes++;
      void this.#punch(range.from, range.to - range.from)
        .then(
          () => range.callers.forEach(({ resolve }) => resolve()),
          (error: unknown) => range.callers.forEach(({ reject }) => reject(error)),
        )
        .finally(() => {
          this.#processes--;
          this.#next();
        });
    }
  }
}
