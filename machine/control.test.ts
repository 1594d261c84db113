import { expect, test, vi } from 'vitest';
import type { MachineListener, MachineSpec, MachineStatus } from './api.ts';
import { MachineController } from './control.ts';
import type { Loader } from './load.ts';
import type { ThreadHost } from './threads.ts';

const closed: string[] = [];

/** Opens a disk of each name when it is told to. */
const opening = vi.hoisted(() => ({ open: (): void => undefined, fail: (_: Error): void => undefined }));
vi.mock('./open-disks.ts', () => ({
  openDisks: () =>
    new Promise((resolve, reject) => {
      opening.open = () => resolve([{ id: 'disk', backend: {}, mapped: {} }]);
      opening.fail = reject;
    }),
  closeDisks: async (disks: readonly { readonly id: string }[]) => void closed.push(...disks.map(({ id }) => id)),
}));

const spec: MachineSpec = {
  ...{ cpus: 1, memorySize: 2 ** 21, firmware: 'none', cmdline: '', console: { columns: 80, rows: 24 } },
  disks: [{ kind: 'memory', size: 512 }],
};
const threads: ThreadHost = { waitAsync: false, start: () => [] };

/** A controller whose loader does what it is told. */
function controlled() {
  closed.length = 0;
  const statuses: MachineStatus[] = [];
  const listener: MachineListener = {
    status: (status) => void statuses.push(status),
    progress: () => undefined,
    console: () => undefined,
    figures: () => undefined,
    diskMaps: () => undefined,
    trouble: () => undefined,
  };
  let signal: AbortSignal | undefined;
  let fail = (_: Error): void => undefined;
  const load: Loader = (_, options) =>
    new Promise((_, reject) => {
      fail = reject;
      signal = options.signal;
      signal.addEventListener('abort', () => reject(options.signal.reason as Error));
    });
  const control = new MachineController(listener, { threads, load });
  const starting = control.start(spec).then(
    () => 'started',
    (error: unknown) => (error as Error).message,
  );
  const isCalledOff = (): boolean => signal?.aborted === true;
  return { control, statuses, starting, isCalledOff, failLoad: (message: string) => fail(new Error(message)) };
}

test('the guest is loaded while the disks are opened, and called off when they cannot be', async () => {
  const { statuses, starting, isCalledOff } = controlled();
  opening.fail(new Error('The disk is in use.'));
  expect(await starting).toBe('The disk is in use.');
  expect(isCalledOff()).toBe(true);
  expect(statuses).toEqual([{ state: 'loading' }, { state: 'crashed', reason: 'The disk is in use.' }]);
});

test('disks that come to be open after the guest could not be loaded are closed', async () => {
  const { statuses, starting, failLoad } = controlled();
  failLoad('The kernel is damaged.');
  opening.open();
  expect(await starting).toBe('The kernel is damaged.');
  expect(closed).toEqual(['disk']);
  expect(statuses).toEqual([{ state: 'loading' }, { state: 'crashed', reason: 'The kernel is damaged.' }]);
});

test('where both fail, one status says why', async () => {
  const { statuses, starting, failLoad } = controlled();
  failLoad('The kernel is damaged.');
  opening.fail(new Error('The disk is in use.'));
  expect(await starting).toBe('The disk is in use.');
  expect(statuses.map(({ state }) => state)).toEqual(['loading', 'crashed']);
});

test.each(['before', 'after'])('a start that is called off %s the disks are open closes them', async (when) => {
  const { control, statuses, starting, isCalledOff } = controlled();
  if (when === 'after') opening.open();
  await control.powerOff();
  opening.open();
  expect(await starting).toBe('started');
  expect(isCalledOff()).toBe(true);
  expect(closed).toEqual(['disk']);
  expect(statuses).toEqual([{ state: 'loading' }, { state: 'off' }]);
});

test('disks are resized that the machine has, and that can be', async () => {
  const { control, starting } = controlled();
  await expect(control.resizeDisk('disk', 1024)).rejects.toThrow(/start it, or resize the disk in the store/);
  opening.open();
  await vi.waitFor(() => expect(control.resizeDisk('disk', 1024)).rejects.toThrow(/cannot be made larger/));
  await control.powerOff();
  await starting;
});
