import { Worker, type WorkerOptions } from 'node:worker_threads';

/**
 * Runs a TypeScript file as a thread of Node. Node 20 cannot load it, and neither the loader that tabhyve.mjs registers
 * nor `--import tsx` reaches the entry of a thread, so that an entry in JavaScript registers it first.
 */
export function startThread(file: URL, options: Omit<WorkerOptions, 'argv'> = {}): Worker {
  return new Worker(new URL('./typescript.worker.mjs', import.meta.url), { ...options, argv: [file.href] });
}
