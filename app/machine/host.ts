import { proxy, wrap, type ProxyMarked } from 'comlink';
import type { MachineControl, MachineListener } from '../../machine/api.ts';
import type { DiskCatalogue, MachineHost, StorageEstimate } from '../../machine/api-disks.ts';

/** The machine worker as the page calls it: each result is a promise. */
export interface Host {
  readonly disks: DiskCatalogue;
  createMachine(listener: MachineListener): Promise<MachineControl>;
  estimate(): Promise<StorageEstimate>;
}

/** What Comlink makes of `MachineHost`, as far as it is used here. */
interface RemoteHost {
  readonly disks: DiskCatalogue;
  createMachine(listener: MachineListener & ProxyMarked): Promise<MachineControl>;
  estimate(): Promise<StorageEstimate>;
}

/**
 * Starts the machine worker. `onFailure` is told, once, when the worker cannot run or ends by a mistake of its own;
 * calls that were on their way are then never answered.
 */
export function startHost(onFailure: (message: string) => void): Host {
  const worker = new Worker(new URL('../../machine/machine.worker.ts', import.meta.url), { type: 'module' });
  worker.addEventListener(
    'error',
    (event) => {
      event.preventDefault();
      // With its threads, and its hold on the disk.
      worker.terminate();
      const why = event.message ? ` (${event.message})` : '';
      onFailure(`The machine's thread failed${why}. Reload the page; what the guest wrote to its disk is kept.`);
    },
    { once: true },
  );
  const remote = wrap<MachineHost>(worker) as unknown as RemoteHost;
  return {
    disks: remote.disks,
    createMachine: (listener) => remote.createMachine(proxy(listener)),
    estimate: () => remote.estimate(),
  };
}
