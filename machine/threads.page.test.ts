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

test('the first thread of each kind is started before it is asked for', async () => {
  const page = new PageThreads().connect();
  expect(made.map(({ name }) => name).sort()).toEqual(['compiler', 'hart', 'loader']);
  const ask = (entry: ThreadEntry, name: string) => requestThread(page, { entry, name }, () => undefined);
  ask('hart', 'hart 0');
  ask('hart', 'hart 1');
  await started(named('hart')[0]);
  await vi.waitFor(() => expect(named('hart 1')).toHaveLength(1));
  await started(named('hart 1')[0]);
  expect(made).toHaveLength(4);
});

test('a thread that has failed before it is asked for is started anew, and its failure told', async () => {
  const page = new PageThreads().connect();
  named('loader')[0].fail('no network');
  const failed = vi.fn<(error: Error) => void>();
  requestThread(page, { entry: 'loader', name: 'the loader' }, failed);
  await vi.waitFor(() => expect(named('the loader')).toHaveLength(1));
  named('the loader')[0].fail('');
  await vi.waitFor(() => expect(failed).toHaveBeenCalledWith(new Error('its script cannot be loaded')));
  expect(named('loader')[0].posted).toEqual([]);
});

test('all threads end with the machine worker, those that nobody asked for as well', async () => {
  const threads = new PageThreads();
  requestThread(threads.connect(), { entry: 'hart', name: 'hart 0' }, () => undefined);
  await started(named('hart')[0]);
  threads.end();
  expect(made.map(({ ended }) => ended)).toEqual([true, true, true]);
});
