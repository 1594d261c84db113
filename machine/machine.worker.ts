/** The machine worker: what the page talks to. */
import { expose, proxy } from 'comlink';
import { deleteDisk, diskExists } from '../devices/block/disks.ts';
import { knownCodeDatabase } from '../devices/block/indexeddb/known-code.ts';
import { quota } from '../devices/block/quota.ts';
import type { MachineListener } from './api.ts';
import type { MachineHost } from './api-disks.ts';
import { MachineController } from './control.ts';
import { exportStored, importDisk, listEntries } from './disk-transfer.ts';
import { threadLoader } from './loader.web.ts';
import { webThreads } from './threads.web.ts';

const host: MachineHost = {
  createMachine: (listener: MachineListener, page: MessagePort) =>
    proxy(
      new MachineController(listener, {
        threads: webThreads(page),
        load: threadLoader(page),
        knownCode: knownCodeDatabase(),
      }),
    ),
  disks: {
    list: listEntries,
    exists: (id) => diskExists(id),
    delete: (id) => deleteDisk(id),
    import: importDisk,
    export: exportStored,
  },
  estimate: quota,
};

expose(host);
