/** A hart's thread in Node. */
import { parentPort } from 'node:worker_threads';
import type { WakePort } from '../core/shared/doorbell.ts';
import { runHartThread } from './hart-thread.ts';
import type { HartInit } from './threads.ts';

parentPort?.once('message', ({ init, port }: { init: HartInit; port: WakePort }) => runHartThread(init, port));
