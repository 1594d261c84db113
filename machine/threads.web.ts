/** Harts as workers of the page. */
import { hasWaitAsync } from '../core/shared/struct.ts';
import type { ThreadHost } from './threads.ts';

export const webThreads: ThreadHost = {
  waitAsync: hasWaitAsync,
  startHart(init, events) {
    const worker = new Worker(new URL('./hart.worker.ts', import.meta.url), {
      type: 'module',
      name: `hart ${init.index}`,
    });
    worker.onerror = (event) => events.failed(new Error(event.message));
    if (hasWaitAsync) {
      worker.postMessage({ init });
    } else {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => events.wake();
      worker.postMessage({ init, port: port2 }, [port2]);
    }
    return { terminate: () => Promise.resolve(worker.terminate()) };
  },
};
