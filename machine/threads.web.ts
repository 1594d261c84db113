/** Harts and their compiler as workers of the page. */
import { hasWaitAsync } from '../core/shared/struct.ts';
import type { KnownPage } from './known-code.ts';
import { requestThread, type RequestedThread, type ThreadRequest } from './requested-thread.ts';
import type { MachineThread, ThreadHost } from './threads.ts';

const asThread = (thread: RequestedThread): MachineThread => ({ terminate: async () => thread.end() });

/** `page`: where threads are asked for. */
export const webThreads = (page: MessagePort): ThreadHost => ({
  waitAsync: hasWaitAsync,
  start(harts, events, known) {
    const request = (entry: ThreadRequest['entry'], name: string): RequestedThread =>
      requestThread(page, { entry, name }, (error) => events.failed(error));
    const codeChannels = harts.map(() => new MessageChannel());
    const threads = harts.map((init, i) => {
      const thread = request('hart', `hart ${init.index}`);
      const codePort = codeChannels[i].port2;
      if (hasWaitAsync) {
        thread.port.postMessage({ init, codePort }, [codePort]);
      } else {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => events.wake();
        thread.port.postMessage({ init, codePort, port: port2 }, [codePort, port2]);
      }
      return thread;
    });
    const compiler = request('compiler', 'compiler');
    const { memory, shape } = harts[0];
    const ports = codeChannels.map(({ port1 }) => port1);
    compiler.port.onmessage = ({ data }: MessageEvent<readonly KnownPage[]>) => events.learned(data);
    compiler.port.postMessage({ init: { memory, shape, known }, ports }, ports);
    return [...threads, compiler].map(asThread);
  },
});
