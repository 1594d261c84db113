/** The default machine's Debian, run by the machine itself in threads of Node. */
import { readFile } from 'node:fs/promises';
import { MemoryBackend } from '../../devices/block/memory.ts';
import { fileBase } from '../../devices/block/raw-file.node.ts';
import type { Machine, MachineStop } from '../machine.ts';
import { GuestConsole } from './guest-console.ts';
import { testMachine, type RunOptions } from './run.ts';

/** Paths of images; what `prepareImages` of guest/ returns. */
export interface Images {
  readonly kernel: string;
  readonly initrd: string;
  readonly root: string;
  readonly cmdline: string;
}

export interface DebianOptions extends RunOptions {
  /** More words for the kernel's command line. */
  readonly append?: string;
}

export interface Debian {
  readonly console: GuestConsole;
  /** The one that runs now. */
  machine: Machine;
  /** Resolves when the machine has ended. */
  readonly ended: Promise<MachineStop>;
  /** Makes another machine, over `memory`, the one that is looked at. */
  readonly replace: (memory: WebAssembly.Memory) => void;
}

/** A disk over the root file system's image that is forgotten at the end. */
export async function rootDisk(images: Images): Promise<MemoryBackend> {
  return new MemoryBackend({ base: await fileBase(images.root) });
}

/** Loads Debian into a new machine; `machine.start()` starts it. */
export async function loadDebian(images: Images, options: DebianOptions): Promise<Debian> {
  const { append = '', firmware = 'sbi' } = options;
  const settings = { ramBytes: 256 << 20, ...options };
  let ended: (stop: MachineStop) => void = () => undefined;
  const console = new GuestConsole((bytes) => void debian.machine.terminal.input(bytes));
  const make = (memory?: WebAssembly.Memory): Machine => {
    const machine: Machine = testMachine(
      settings,
      {
        onOutput: (bytes) => {
          if (debian.machine === machine) console.see(bytes);
        },
        onStop: (stop) => {
          if (debian.machine !== machine) return;
          console.end(`${stop.reason} ${stop.code} ${stop.message ?? ''}`);
          ended(stop);
        },
      },
      memory,
    );
    return machine;
  };
  const debian: Debian = {
    console,
    machine: make(),
    ended: new Promise((resolve) => (ended = resolve)),
    replace: (memory) => (debian.machine = make(memory)),
  };
  const [kernel, initrd] = await Promise.all([readFile(images.kernel), readFile(images.initrd)]);
  const noRoot = (options.disks ?? []).length === 0;
  const cmdline = noRoot ? images.cmdline.replace(/root=\S+ /, '') : images.cmdline;
  debian.machine.load({ kernel, initrd, firmware, cmdline: `${cmdline} ${append}`.trim() });
  return debian;
}
