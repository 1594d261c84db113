/** The other thread of threads.int.test.ts: plays the part that it is given. */
import { workerData } from 'node:worker_threads';
import { askEachOther, count, meet, produce, runHart, sharedView } from './parts.ts';

export interface Part {
  readonly name: 'count' | 'produce' | 'hart' | 'ask';
  readonly buffer: SharedArrayBuffer;
  readonly rounds: number;
}

const { name, buffer, rounds } = workerData as Part;
const shared = sharedView(buffer);
meet(shared);
if (name === 'count') count(shared, rounds);
if (name === 'produce') produce(shared, rounds);
if (name === 'hart') runHart(shared, shared.harts[1]);
if (name === 'ask') askEachOther(shared.harts[1], shared.harts[0], rounds);
shared.done.store(1);
shared.done.notify();
