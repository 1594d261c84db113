/**
 * Loads a guest in a thread of its own, which ends afterwards: a kernel's tens of megabytes, packed and unpacked, go
 * with it at once, where a worker that lives on would keep them until it happens to collect garbage.
 */
import { loadHere, type LoadRequest } from './load.ts';
import type { LoaderMessage } from './loader.web.ts';

self.onmessage = ({ data }: MessageEvent<LoadRequest>) => {
  const tell = (message: LoaderMessage): void => self.postMessage(message);
  const { signal } = new AbortController();
  loadHere(data, { signal, onProgress: (progress) => tell({ kind: 'progress', progress }) }).then(
    (loaded) => tell({ kind: 'loaded', loaded }),
    (error: unknown) => tell({ kind: 'failed', message: error instanceof Error ? error.message : String(error) }),
  );
};
