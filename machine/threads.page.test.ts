import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { requestThread, type ThreadEntry } from './requested-thread.ts';
import { PageThreads } from './threads.page.ts';

/** What `new Worker` has made, in order. */
let made: FakeWorker[] = [];

class FakeWorker {
  readonly name: string;
  readonly posted: unknown[] = [];
  ended = false;
  onerror: ((event: ErrorEvent) => void) | undefined;

  constructor(_: URL, { name }: { readonly name: string }) {
    this.name = name;
    made.push(this);
  }
  postMessage(message: unknown): void {
    this.posted.push(message);
  }
  terminate(): void {
    this.ended = true;
  }
  fail(message: string): void {
    this.onerror?.(Object.assign(new Event('error', { cancelable: true }), { message }) as ErrorEvent);
  }
}

const named = (name: string): FakeWorker[] => made.filter((worker) => worker.name === name);
const started = (worker: FakeWorker): Promise<void> => vi.waitFor(() => expect(worker.posted).toHaveLength(1));

beforeEach(() => {
  made = [];
  vi.stubGlobal('Worker', FakeWorker);
});
afterEach(() => {
  vi.unstubAllGlobals();
});

/** A page that was asked for a loader. */
async function loading() {
  const threads = new PageThreads();
  const page = threads.connect();
  expect(made).toEqual([]);
  const ask = (entry: ThreadEntry, name: string, failed: (error: Error) => void = () => undefined) =>
    requestThread(page, { entry, name }, failed);
  ask('loader', 'loader');
  await vi.waitFor(() => expect(made.map(({ name }) => name)).toEqual(['loader', 'hart', 'compiler']));
  return { threads, ask };
}

test('while the guest is loaded, the threads come up that will be asked for', async () => {
  const { ask } = await loading();
  ask('hart', 'hart 0');
  ask('hart', 'hart 1');
  await started(named('hart')[0]);
  await vi.waitFor(() => expect(named('hart 1')).toHaveLength(1));
  await started(named('hart 1')[0]);
  expect(made).toHaveLength(4);
});

test('a thread that has failed before it is asked for is started anew, and its failure told', async () => {
  const { ask } = await loading();
  named('compiler')[0].fail('no network');
  const failed = vi.fn<(error: Error) => void>();
  ask('compiler', 'the compiler', failed);
  await vi.waitFor(() => expect(named('the compiler')).toHaveLength(1));
  named('the compiler')[0].fail('');
  await vi.waitFor(() => expect(failed).toHaveBeenCalledWith(new Error('its script cannot be loaded')));
  expect(named('compiler')[0].posted).toEqual([]);
});

test('all threads end with the machine worker, those that nobody asked for as well', async () => {
  const { threads, ask } = await loading();
  ask('hart', 'hart 0');
  await started(named('hart')[0]);
  threads.end();
  expect(made.map(({ ended }) => ended)).toEqual([true, true, true]);
});
