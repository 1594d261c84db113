/**
 * Loads a guest and generates the code of the harts in a thread of its own, which ends afterwards: a kernel's tens of
 * megabytes, packed and unpacked, and what the generator leaves behind go with it at once, where a worker that lives on
 * would keep them until it happens to collect garbage. Code is generated while the images are on their way.
 */
import { compileHarts, loadHere, type LoadRequest } from './load.ts';
import type { LoaderMessage } from './loader.web.ts';

self.onmessage = ({ data }: MessageEvent<LoadRequest>) => {
  const tell = (message: LoaderMessage): void => self.postMessage(message);
  const { signal } = new AbortController();
  const loading = loadHere(data, { signal, onProgress: (progress) => tell({ kind: 'progress', progress }) });
  const code = compileHarts(data.shape);
  loading.then(
    (loaded) => tell({ kind: 'loaded', loaded: { ...loaded, code } }),
    (error: unknown) => tell({ kind: 'failed', message: error instanceof Error ? error.message : String(error) }),
  );
};
