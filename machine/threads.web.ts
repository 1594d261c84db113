/** Harts and their compiler as workers of the page. */
import { hasWaitAsync } from '../core/shared/struct.ts';
import type { MachineThread, ThreadHost } from './threads.ts';

export const webThreads: ThreadHost = {
  waitAsync: hasWaitAsync,
  start(harts, events) {
    const asThread = (worker: Worker): MachineThread => {
      worker.onerror = (event) => events.failed(new Error(event.message));
      return { terminate: () => Promise.resolve(worker.terminate()) };
    };
    const codeChannels = harts.map(() => new MessageChannel());
    const threads = harts.map((init, i) => {
      const worker = new Worker(new URL('./hart.worker.ts', import.meta.url), {
        type: 'module',
        name: `hart ${init.index}`,
      });
      const codePort = codeChannels[i].port2;
      if (hasWaitAsync) {
        worker.postMessage({ init, codePort }, [codePort]);
      } else {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => events.wake();
        worker.postMessage({ init, codePort, port: port2 }, [codePort, port2]);
      }
      return asThread(worker);
    });
    const compiler = new Worker(new URL('./compiler.worker.ts', import.meta.url), { type: 'module', name: 'compiler' });
    const { memory, shape } = harts[0];
    const ports = codeChannels.map(({ port1 }) => port1);
    compiler.postMessage({ init: { memory, shape }, ports }, ports);
    return [...threads, asThread(compiler)];
  },
};
