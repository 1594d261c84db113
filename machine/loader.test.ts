import { expect, test } from 'vitest';
import { createMemory, layOut } from '../core/shared/memory-map.ts';
import { LoadError } from './images.ts';
import type { LoadRequest } from './load.ts';
import { threadLoader, type LoaderMessage } from './loader.web.ts';
import type { ThreadRequest } from './requested-thread.ts';

interface Thread {
  readonly tell: (message: LoaderMessage) => void;
  readonly fail: (message: string) => void;
}

/** A load in a thread that does what `act` does, and whether the thread was ended. */
function load(act: (thread: Thread) => void) {
  const { port1, port2 } = new MessageChannel();
  const ended = new Promise<void>((resolve) => {
    port2.onmessage = ({ data: { port, control } }: MessageEvent<ThreadRequest>) => {
      control.onmessage = () => resolve();
      port.onmessage = () =>
        act({ tell: (message) => port.postMessage(message), fail: (message) => control.postMessage(message) });
    };
  });
  const shape = { harts: 1, ramBytes: 2 ** 21, disks: 0 };
  const request: LoadRequest = { memory: createMemory(layOut(shape)), shape, images: { cmdline: '', firmware: 'sbi' } };
  const abort = new AbortController();
  const seen: number[] = [];
  const onProgress = ({ done }: { readonly done: number }): void => void seen.push(done);
  const loading = threadLoader(port1)(request, { signal: abort.signal, onProgress });
  return { loading, ended, seen, abort: () => abort.abort(new Error('enough')) };
}

test('a guest is loaded, and the thread ended', async () => {
  const { loading, ended, seen } = load(({ tell }) => {
    tell({ kind: 'progress', progress: { stage: 'kernel', done: 7, total: 9 } });
    tell({ kind: 'loaded', loaded: { isLinux: true } });
  });
  expect(await loading).toEqual({ isLinux: true });
  expect(seen).toEqual([7]);
  await ended;
});

test('what the loader cannot do is told in its words', async () => {
  const { loading, ended } = load(({ tell }) => tell({ kind: 'failed', message: 'It is damaged.' }));
  await expect(loading).rejects.toThrow(new LoadError('It is damaged.'));
  await ended;
});

test('a thread that fails is not waited for', async () => {
  const { loading, ended } = load(({ fail }) => fail('its script cannot be loaded'));
  await expect(loading).rejects.toThrow('The guest was not loaded: its script cannot be loaded. Start again');
  await ended;
});

test('a load that is called off ends its thread', async () => {
  const { loading, ended, abort } = load(() => abort());
  await expect(loading).rejects.toThrow('enough');
  await ended;
});
