/** What bench/backends/chromium.ts calls in the page: machines, by the worker that the page of tabhyve uses too. */
import { proxy, transfer, wrap, type ProxyMarked } from 'comlink';
import type {
  MachineControl,
  MachineFigures,
  MachineListener,
  MachineSpec,
  MachineStatus,
  StoreKind,
} from '../../machine/api.ts';
import type { MachineHost } from '../../machine/api-disks.ts';
import { PageThreads } from '../../machine/threads.page.ts';
import { rawDelete, rawStore, smallWrites } from '../disk/in-page.ts';

/** The words of the command line that are added to the default machine's, and what it has. */
export interface DebianOptions {
  readonly words?: string;
  readonly memory: number;
  /** Bytes of a second disk in the browser's store. */
  readonly disk?: number;
  /** Which store; default: `indexeddb`. */
  readonly store?: StoreKind;
  /** Where the page's site has what the second disk holds, read-only. */
  readonly content?: string;
  /** The same, as the manifest of a disk of this size that is fetched as it is read. */
  readonly base?: { readonly url: string; readonly size: number };
}

export interface Reached {
  /** Since the call. */
  readonly seconds: number;
  readonly output: string;
  readonly figures: MachineFigures | undefined;
}

/** As the programs print one. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
}

interface Published {
  readonly url: string;
  readonly size: number;
  readonly rawSize: number;
  readonly sha256: string;
}

interface ImagesIndex {
  readonly default: {
    readonly kernel: Published;
    readonly initrd: Published;
    readonly root: { readonly url: string; readonly size: number };
    readonly cmdline: string;
  };
}

interface RemoteHost {
  readonly disks: MachineHost['disks'];
  createMachine(listener: MachineListener & ProxyMarked, page: MessagePort): Promise<MachineControl>;
}

const ROOT = 'bench-root';
const DATA = 'bench-data';

async function images(): Promise<ImagesIndex['default']> {
  const response = await fetch(new URL('guest/images.json', location.href));
  return ((await response.json()) as ImagesIndex).default;
}

declare global {
  /** Takes the time of a mark; of the program that drives the page. */
  var benchMark: (mark: string) => Promise<void>;
}

/** One machine at a time, each with a worker of its own. */
class Bench {
  #worker: Worker | undefined;
  #threads: PageThreads | undefined;
  #host: RemoteHost | undefined;
  #machine: MachineControl | undefined;
  #nextFigures: ((figures: MachineFigures) => void) | undefined;

  /**
   * Boots the default machine until it has printed `until`, or ends; it goes on running. The moments when it has printed
   * one of `marks` are told to `benchMark`.
   */
  async debian(
    { words, memory, disk, store, content, base }: DebianOptions,
    until: string | undefined,
    marks: readonly string[] = [],
  ): Promise<Reached> {
    const start = performance.now();
    const { kernel, initrd, root, cmdline } = await images();
    const file = content === undefined ? undefined : await (await fetch(content, { cache: 'no-store' })).blob();
    const absolute = (url: string): string => new URL(`guest/${url}`, location.href).href;
    const source = ({ url, size, rawSize, sha256 }: Published) => ({
      kind: 'url' as const,
      url: absolute(url),
      size,
      rawSize,
      sha256,
    });
    const spec: MachineSpec = {
      ...{ cpus: 1, memorySize: memory, firmware: 'sbi', console: { columns: 80, rows: 24 } },
      ...{ kernel: source(kernel), initrd: source(initrd) },
      cmdline: words === undefined ? cmdline : `${cmdline} ${words}`,
      disks: [
        { kind: 'store', id: ROOT, size: root.size, base: absolute(root.url) },
        ...(disk === undefined ? [] : [{ kind: 'store' as const, id: DATA, size: disk, ...(store && { store }) }]),
        ...(file === undefined ? [] : [{ kind: 'file' as const, file, name: 'content', readOnly: true }]),
        ...(base === undefined
          ? []
          : [{ kind: 'store' as const, id: DATA, size: base.size, base: new URL(base.url, location.href).href }]),
      ],
    };
    return this.#run(spec, until, start, marks);
  }

  /** Runs a bare-metal program to its end; the moments when it has printed one of `marks` are told to `benchMark`. */
  async program(bytes: readonly number[], memory: number, marks: readonly string[]): Promise<Reached> {
    const spec: MachineSpec = {
      ...{ cpus: 1, memorySize: memory, firmware: 'none', cmdline: '', disks: [], console: { columns: 80, rows: 24 } },
      kernel: { kind: 'bytes', bytes: Uint8Array.from(bytes), name: 'program' },
    };
    return this.#run(spec, undefined, performance.now(), marks);
  }

  /** Bytes of the pages that the guest has used. */
  async memoryTouched(): Promise<number> {
    const { memoryTouched } = await new Promise<MachineFigures>((resolve) => (this.#nextFigures = resolve));
    return memoryTouched;
  }

  /** Ends the machine, and deletes its disks and what was learned of hot code: what is measured is a first visit. */
  async end(): Promise<void> {
    await this.#machine?.powerOff();
    for (const id of [ROOT, DATA]) {
      if (await this.#host?.disks.exists(id)) await this.#host?.disks.delete(id);
    }
    this.#worker?.terminate();
    this.#threads?.end();
    indexedDB.deleteDatabase('tabhyve-code');
  }

  /** IndexedDB with nothing around it, in MiB a second. */
  async rawStore(mib: number): Promise<{ write: number; read: number }> {
    return rawStore(mib, 64);
  }

  /** The same, by the names of bench/guest/programs/disk.c. What it leaves to the database to tidy up slows down others for a while. */
  async rawDisk(): Promise<Figure[]> {
    const { write, overwrite, read } = await rawStore(256, 28);
    return [
      { name: 'write', value: write, unit: 'MiB/s' },
      { name: 'overwrite', value: overwrite, unit: 'MiB/s' },
      { name: 'read', value: read, unit: 'MiB/s' },
      { name: 'discard-1GiB-durable', value: await rawDelete(1024), unit: 's' },
    ];
  }

  /** A strict transaction of IndexedDB with nothing around it, and a small write and flush of a disk without a guest, in turns. */
  async rawSyncs(): Promise<Figure[]> {
    const { raw, disk } = await smallWrites(400);
    return [
      { name: 'write-page-sync', value: raw, unit: 'ms' },
      { name: '… of a disk, no guest', value: disk, unit: 'ms' },
    ];
  }

  #run(spec: MachineSpec, until: string | undefined, start: number, marks: readonly string[] = []): Promise<Reached> {
    const worker = new Worker(new URL('../../machine/machine.worker.ts', import.meta.url), { type: 'module' });
    this.#worker = worker;
    const threads = new PageThreads();
    this.#threads = threads;
    const page = threads.connect();
    const host = wrap<MachineHost>(worker) as unknown as RemoteHost;
    this.#host = host;
    const decoder = new TextDecoder('latin1');
    return new Promise((resolve, reject) => {
      let output = '';
      let figures: MachineFigures | undefined;
      const reached = (): void => resolve({ seconds: (performance.now() - start) / 1000, output, figures });
      worker.onerror = (event) => reject(new Error(`the machine worker failed: ${event.message}`));
      const listener: MachineListener = {
        status: (status: MachineStatus) => {
          if (status.state === 'crashed') reject(new Error(status.reason));
          if (status.state !== 'halted') return;
          if (until === undefined) reached();
          else reject(new Error(`it ended without printing ${until}: ${output.slice(-2000)}`));
        },
        progress: () => undefined,
        console: (bytes) => {
          const before = output;
          output += decoder.decode(bytes);
          for (const mark of marks) if (output.includes(mark) && !before.includes(mark)) void benchMark(mark);
          if (until !== undefined && output.includes(until)) reached();
        },
        figures: (now) => {
          figures = now;
          this.#nextFigures?.(now);
        },
        diskMaps: () => undefined,
        trouble: (message) => reject(new Error(message)),
      };
      void host.createMachine(proxy(listener), transfer(page, [page])).then(async (machine) => {
        this.#machine = machine;
        await machine.start(spec);
      }, reject);
    });
  }
}

export type { Bench };
Object.assign(globalThis, { bench: new Bench() });
