/**
 * Loads a guest and generates the code of the harts in a thread of its own, which ends afterwards: a kernel's tens of
 * megabytes, packed and unpacked, and what the generator leaves behind go with it at once, where a worker that lives on
 * would keep them until it happens to collect garbage. Code is generated while the images are on their way.
 */
import { messageOf } from '../core/shared/message.ts';
import { compileHarts, loadHere, type LoadRequest } from './load.ts';
import type { LoaderMessage } from './loader.web.ts';
import { receiveFrom } from './requested-thread.ts';

async function load(request: LoadRequest, port: MessagePort): Promise<void> {
  const tell = (message: LoaderMessage): void => port.postMessage(message);
  const { signal } = new AbortController();
  try {
    const loading = loadHere(request, { signal, onProgress: (progress) => tell({ kind: 'progress', progress }) });
    const code = compileHarts(request.shape);
    tell({ kind: 'loaded', loaded: { ...(await loading), code } });
  } catch (error) {
    tell({ kind: 'failed', message: messageOf(error) });
  }
}

self.onmessage = (event: MessageEvent<MessagePort>) => {
  receiveFrom(event, (request: LoadRequest, port) => void load(request, port));
};
