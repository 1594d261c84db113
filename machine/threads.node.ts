/** Harts and their compiler as threads of Node. */
import { MessageChannel } from 'node:worker_threads';
import type { KnownPage } from './known-code.ts';
import { startThread } from './thread.node.ts';
import type { ThreadHost } from './threads.ts';

// Atomics.waitAsync does not keep Node's event loop alive, and a port does.
export const nodeThreads: ThreadHost = {
  waitAsync: false,
  start(harts, events, known) {
    const start = (file: string): ReturnType<typeof startThread> => {
      const thread = startThread(new URL(file, import.meta.url));
      thread.on('error', (error) => events.failed(error));
      return thread;
    };
    const codeChannels = harts.map(() => new MessageChannel());
    const threads = harts.map((init, i) => {
      const { port1, port2 } = new MessageChannel();
      const codePort = codeChannels[i].port2;
      const thread = start('./hart.node.worker.ts');
      port1.on('message', () => events.wake());
      thread.postMessage({ init, port: port2, codePort }, [port2, codePort]);
      return {
        async terminate() {
          port1.close();
          await thread.terminate();
        },
      };
    });
    const compiler = start('./compiler.node.worker.ts');
    const { memory, shape } = harts[0];
    const ports = codeChannels.map(({ port1 }) => port1);
    compiler.on('message', (pages: readonly KnownPage[]) => events.learned(pages));
    compiler.postMessage({ init: { memory, shape, known }, ports }, ports);
    return [...threads, { terminate: async () => void (await compiler.terminate()) }];
  },
};
