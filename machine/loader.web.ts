/** Loads guests in a thread of the page. */
import type { LoadProgress } from './api.ts';
import { LoadError } from './images.ts';
import type { LoadedGuest, Loader } from './load.ts';
import { requestThread, type RequestedThread } from './requested-thread.ts';

/** What loader.worker.ts says. */
export type LoaderMessage =
  | { readonly kind: 'progress'; readonly progress: LoadProgress }
  | { readonly kind: 'loaded'; readonly loaded: LoadedGuest }
  | { readonly kind: 'failed'; readonly message: string };

/** `page`: where threads are asked for. */
export function threadLoader(page: MessagePort): Loader {
  return (request, { signal, onProgress }) => {
    signal.throwIfAborted();
    let thread: RequestedThread | undefined;
    return new Promise<LoadedGuest>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error));
      thread = requestThread(page, { entry: 'loader', name: 'loader' }, ({ message }) =>
        reject(new LoadError(`The guest was not loaded: ${message}. Start again, or reload the page.`)),
      );
      thread.port.onmessage = ({ data }: MessageEvent<LoaderMessage>) => {
        if (data.kind === 'progress') onProgress(data.progress);
        else if (data.kind === 'loaded') resolve(data.loaded);
        else reject(new LoadError(data.message));
      };
      thread.port.postMessage(request);
    }).finally(() => thread?.end());
  };
}
