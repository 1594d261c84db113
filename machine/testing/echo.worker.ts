import { parentPort } from 'node:worker_threads';
import { double } from './double.ts';

// An enum-free but typed line, so that the file is no JavaScript.
parentPort?.on('message', (value: number) => parentPort?.postMessage(double(value)));
