/** A hart's thread in the page. */
import type { WakePort } from '../core/shared/doorbell.ts';
import { runHartThread } from './hart-thread.ts';
import type { HartInit } from './threads.ts';

self.onmessage = ({ data }: MessageEvent<{ init: HartInit; port?: WakePort }>) => runHartThread(data.init, data.port);
