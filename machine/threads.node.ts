/** Harts as threads of Node. */
import { MessageChannel } from 'node:worker_threads';
import { startThread } from './thread.node.ts';
import type { ThreadHost } from './threads.ts';

// Atomics.waitAsync does not keep Node's event loop alive, and a port does.
export const nodeThreads: ThreadHost = {
  waitAsync: false,
  startHart(init, events) {
    const { port1, port2 } = new MessageChannel();
    const thread = startThread(new URL('./hart.node.worker.ts', import.meta.url));
    port1.on('message', () => events.wake());
    thread.on('error', (error) => events.failed(error));
    thread.postMessage({ init, port: port2 }, [port2]);
    return {
      async terminate() {
        port1.close();
        await thread.terminate();
      },
    };
  },
};
