/** The machine worker: what the page talks to. */
import { expose, proxy } from 'comlink';
import { knownCodeDatabase } from '../devices/block/indexeddb/known-code.ts';
import { quota } from '../devices/block/quota.ts';
import type { MachineListener } from './api.ts';
import type { MachineHost } from './api-disks.ts';
import { diskCatalogue } from './catalogue.ts';
import { MachineController } from './control.ts';
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
  disks: diskCatalogue(),
  estimate: quota,
};

expose(host);
