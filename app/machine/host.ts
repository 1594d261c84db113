import { proxy, transfer, wrap, type ProxyMarked } from 'comlink';
import type { MachineControl, MachineListener } from '../../machine/api.ts';
import type { DiskCatalogue, MachineHost, StorageEstimate } from '../../machine/api-disks.ts';
import { PageThreads } from '../../machine/threads.page.ts';

/** The machine worker as the page calls it: each result is a promise. */
export interface Host {
  readonly disks: DiskCatalogue;
  createMachine(listener: MachineListener): Promise<MachineControl>;
  estimate(): Promise<StorageEstimate>;
}

/** What Comlink makes of `MachineHost`, as far as it is used here. */
interface RemoteHost {
  readonly disks: DiskCatalogue;
  createMachine(listener: MachineListener & ProxyMarked, page: MessagePort): Promise<MachineControl>;
  estimate(): Promise<StorageEstimate>;
}

/**
 * Starts the machine worker. `onFailure` is told, once, when the worker cannot run or ends by a mistake of its own; calls
 * of disks that were on their way are then rejected, and others never answered.
 */
export function startHost(onFailure: (message: string) => void): Host {
  const worker = new Worker(new URL('../../machine/machine.worker.ts', import.meta.url), { type: 'module' });
  const threads = new PageThreads();
  let lose: (error: Error) => void = () => undefined;
  const lost = new Promise<never>((_, reject) => (lose = reject));
  lost.catch(() => undefined);
  /** Work on disks takes long: whoever waits for it has to hear of the end. */
  const orLost = <T>(answer: Promise<T>): Promise<T> => Promise.race([answer, lost]);
  const fail = (why: string): void => {
    worker.onerror = worker.onmessageerror = null;
    // With its hold on the disk.
    worker.terminate();
    threads.end();
    const reason = `The machine's thread failed${why}. Reload the page; what the guest wrote to its disk is kept.`;
    lose(new Error(reason));
    onFailure(reason);
  };
  worker.onerror = (event) => {
    event.preventDefault();
    fail(event.message ? ` (${event.message})` : '');
  };
  worker.onmessageerror = () => fail(' (a message could not be received)');
  const remote = wrap<MachineHost>(worker) as unknown as RemoteHost;
  return {
    disks: {
      list: () => orLost(remote.disks.list()),
      exists: (id) => orLost(remote.disks.exists(id)),
      inspect: (id) => orLost(remote.disks.inspect(id)),
      map: (id, cells, base) => orLost(remote.disks.map(id, cells, base)),
      create: (disk) => orLost(remote.disks.create(disk)),
      import: (file, name, options, proceed) => orLost(remote.disks.import(file, name, options, proxy(proceed))),
      export: (id, options, proceed) => orLost(remote.disks.export(id, options, proxy(proceed))),
      delete: (id) => orLost(remote.disks.delete(id)),
      rename: (id, name) => orLost(remote.disks.rename(id, name)),
      clone: (id, name, proceed) => orLost(remote.disks.clone(id, name, proxy(proceed))),
      createOver: (id, name, store) => orLost(remote.disks.createOver(id, name, store)),
      reset: (id) => orLost(remote.disks.reset(id)),
      commit: (id, proceed) => orLost(remote.disks.commit(id, proxy(proceed))),
      resize: (id, size) => orLost(remote.disks.resize(id, size)),
      move: (id, store, proceed) => orLost(remote.disks.move(id, store, proxy(proceed))),
    },
    createMachine: (listener) => {
      const page = threads.connect();
      return remote.createMachine(proxy(listener), transfer(page, [page]));
    },
    estimate: () => remote.estimate(),
  };
}
