import { expect, test } from 'vitest';
import type { MachineControl, MachineListener, MachineSpec } from '../../machine/api.ts';
import type { Host } from './host.ts';
import { Session } from './session.ts';

const spec: MachineSpec = {
  cpus: 1,
  memorySize: 2 ** 26,
  firmware: 'sbi',
  cmdline: '',
  disks: [],
  console: { columns: 80, rows: 24 },
};

/** A machine worker that does what its listener is told to, and writes down what it was asked. */
function scripted(calls: string[], refuse?: string) {
  const listeners: MachineListener[] = [];
  const failures: ((message: string) => void)[] = [];
  const note = (call: string) => async (): Promise<void> => void calls.push(call);
  const control: MachineControl = {
    start: async () => {
      calls.push('start');
      if (refuse !== undefined) {
        listeners.at(-1)?.status({ state: 'crashed', reason: refuse });
        throw new Error(refuse);
      }
      listeners.at(-1)?.status({ state: 'running' });
    },
    pause: note('pause'),
    resume: note('resume'),
    reset: note('reset'),
    powerOff: note('powerOff'),
    input: async (bytes) => void calls.push(`input ${new TextDecoder().decode(bytes)}`),
    resize: async (columns, rows) => void calls.push(`resize ${columns} ${rows}`),
    resizeDisk: async (id, size) => void calls.push(`resize ${id} ${size}`),
    watchDisks: async (cells) => void calls.push(`watch ${cells}`),
  };
  const session = new Session((onFailure): Host => {
    failures.push(onFailure);
    return {
      disks: {} as Host['disks'],
      createMachine: async (listener) => {
        listeners.push(listener);
        return control;
      },
      estimate: async () => ({ usage: 0, quota: 0, persistent: false }),
    };
  });
  return { session, listener: () => listeners[listeners.length - 1], fail: (why: string) => failures.at(-1)?.(why) };
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

test('a machine that halted is put off before it is started again', async () => {
  const calls: string[] = [];
  const { session, listener } = scripted(calls);
  await session.start(spec);
  listener().status({ state: 'halted', reason: 'The guest powered off.' });
  await session.start(spec);
  expect(calls).toEqual(['start', 'powerOff', 'start']);
  expect(session.getState().status).toEqual({ state: 'running' });
});

test('a refused start leaves the machine off, with the reason', async () => {
  const reason = 'The disk "default" is in use.';
  const { session, listener } = scripted([], reason);
  await session.start(spec);
  // The status and the refusal come by different ways, in either order.
  listener().status({ state: 'crashed', reason });
  expect(session.getState()).toMatchObject({ status: { state: 'off' }, failure: 'The disk "default" is in use.' });
});

test('keys reach a running machine alone, and make the page ask before it is left', async () => {
  const calls: string[] = [];
  const { session, listener } = scripted(calls);
  session.type(text('lost'));
  await session.start(spec);
  expect(session.getState().touched).toBe(false);
  session.type(text('ls\r'));
  await new Promise((resolve) => setTimeout(resolve));
  listener().status({ state: 'halted' });
  session.type(text('lost'));
  expect(calls).toEqual(['start', 'input ls\r']);
  expect(session.getState().touched).toBe(true);
});

test('output that came before the terminal is not lost', async () => {
  const { session, listener } = scripted([]);
  await session.start(spec);
  await listener().console(text('early '));
  let seen = '';
  session.attach(async (bytes) => void (seen += new TextDecoder().decode(bytes)));
  await listener().console(text('late'));
  expect(seen).toBe('early late');
});

test('stages of loading keep their order while they progress', async () => {
  const { session, listener } = scripted([]);
  await session.start(spec);
  listener().progress({ stage: 'kernel', done: 1, total: 2 });
  listener().progress({ stage: 'disk', done: 0, total: 0 });
  listener().progress({ stage: 'kernel', done: 2, total: 2 });
  expect(session.getState().progress.map(({ stage, done }) => [stage, done])).toEqual([
    ['kernel', 2],
    ['disk', 0],
  ]);
});

test('a worker that fails is a crash, and the next start has a new one', async () => {
  const calls: string[] = [];
  const { session, listener, fail } = scripted(calls);
  await session.start(spec);
  const old = listener();
  fail('The thread failed.');
  expect(session.getState().status).toEqual({ state: 'crashed', reason: 'The thread failed.' });
  old.status({ state: 'running' });
  expect(session.getState().status.state).toBe('crashed');
  await session.start(spec);
  expect(session.getState().status.state).toBe('running');
});

test('one trouble is told once, and goes when it is dismissed', async () => {
  const { session, listener } = scripted([]);
  await session.start(spec);
  listener().trouble('The quota is full.');
  listener().trouble('The quota is full.');
  const [trouble, ...others] = session.getState().troubles;
  expect(others).toEqual([]);
  session.dismiss(trouble.id);
  expect(session.getState().troubles).toEqual([]);
});

test('the page is told of an idle guest’s figures once a second, and of changes at once', async () => {
  const { session, listener } = scripted([]);
  await session.start(spec);
  let told = 0;
  session.subscribe(() => told++);
  let instructions = 0;
  const come = (count: number, change: { busy?: number; memoryTouched?: number; allocatedBytes?: number }): number => {
    const { busy = 0, memoryTouched = 4096, allocatedBytes = 0 } = change;
    const disk = {
      ...{ id: 'a', size: 2 ** 20, chunkSize: 32768, allocatedChunks: 0, tombstones: 0, allocatedBytes },
      requests: { reads: 0, readBytes: 0, writes: 0, writtenBytes: 0, flushes: 0, discards: 0, discardedBytes: 0 },
    };
    told = 0;
    for (let i = 0; i < count; i++) {
      instructions++;
      listener().figures({ instructions, mips: 100, busy, memorySize: 2 ** 26, memoryTouched, disks: [disk] });
      expect(session.getState().figures?.instructions).toBe(instructions);
    }
    return told;
  };
  come(1, {});
  expect(come(40, {})).toBe(10);
  expect(come(40, { busy: 0.5 })).toBe(40);
  expect(come(1, { memoryTouched: 8192 })).toBe(1);
  expect(come(1, { memoryTouched: 8192, allocatedBytes: 32768 })).toBe(1);
  expect(session.getState().samples).toHaveLength(83);
});

test('who watches the disks is told of those of every machine, and of none of an old one', async () => {
  const calls: string[] = [];
  const { session, listener, fail } = scripted(calls);
  await session.watchDisks(1024);
  expect(calls).toEqual([]);
  await session.start(spec);
  expect(calls).toEqual(['watch 1024', 'start']);
  await session.watchDisks(1024);
  await session.watchDisks(512);
  expect(calls).toEqual(['watch 1024', 'start', 'watch 512']);

  const cells = () => new Uint32Array(4);
  const marks = () => new Uint8Array(4);
  const update = {
    disk: 1,
    map: { size: 4096, chunkSize: 1024, chunksPerCell: 1, allocated: cells(), base: cells(), tombstones: cells() },
    activity: { read: marks(), written: marks(), discarded: marks() },
  };
  let told = 0;
  session.maps.subscribe(() => told++);
  listener().diskMaps([update]);
  expect(told).toBe(1);
  expect(session.maps.get(0)).toBeUndefined();
  expect(session.maps.get(1)).toBe(update);

  const old = listener();
  fail('The thread failed.');
  await session.start(spec);
  expect(calls.slice(3)).toEqual(['watch 512', 'powerOff', 'start']);
  old.diskMaps([update]);
  expect(session.maps.get(1)).toBeUndefined();
});
