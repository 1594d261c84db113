/** Loads guests in a worker of the page. */
import type { LoadProgress } from './api.ts';
import { LoadError } from './images.ts';
import type { LoadedGuest, Loader } from './load.ts';

/** What loader.worker.ts says. */
export type LoaderMessage =
  | { readonly kind: 'progress'; readonly progress: LoadProgress }
  | { readonly kind: 'loaded'; readonly loaded: LoadedGuest }
  | { readonly kind: 'failed'; readonly message: string };

export const loadInWorker: Loader = (request, { signal, onProgress }) => {
  signal.throwIfAborted();
  const worker = new Worker(new URL('./loader.worker.ts', import.meta.url), { type: 'module', name: 'loader' });
  return new Promise<LoadedGuest>((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error));
    worker.onerror = ({ message }) => reject(new LoadError(`The guest was not loaded: ${message}`));
    worker.onmessage = ({ data }: MessageEvent<LoaderMessage>) => {
      if (data.kind === 'progress') onProgress(data.progress);
      else if (data.kind === 'loaded') resolve(data.loaded);
      else reject(new LoadError(data.message));
    };
    worker.postMessage(request);
  }).finally(() => worker.terminate());
};
