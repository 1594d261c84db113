/** What bench/backends/v86.ts calls in the page: v86 on the page's own thread, where it is made to run. */
import { V86 } from 'v86';

export interface Machine {
  /** Bytes, a power of two. */
  readonly memory: number;
  readonly cmdline: string;
  readonly initrd: string;
  /** A disk, which is read part by part as the guest asks for it. */
  readonly disk?: { readonly url: string; readonly size: number };
}

/** Of a disk, in bytes: as much as tabhyve fetches at a time. */
const PART = 128 * 2 ** 10;

declare global {
  /** Takes the time of a mark; of the program that drives the page. */
  var benchMark: (mark: string) => Promise<void>;
  var benchPeer: Peer;
}

/** One machine, which ends with the page. */
class Peer {
  /**
   * Boots until `until` has been printed, or `limit` seconds are over, if there is a limit; the moments when one of
   * `marks` has been are told to `benchMark`. The other files lie beside the page.
   */
  boot(
    machine: Machine,
    until: string,
    marks: readonly string[],
    limit?: number,
  ): Promise<{ seconds: number; output: string }> {
    const start = performance.now();
    const { disk } = machine;
    const emulator = new V86({
      wasm_path: 'v86.wasm',
      memory_size: machine.memory,
      bios: { url: 'bios' },
      bzimage: { url: 'kernel' },
      initrd: { url: machine.initrd },
      cmdline: machine.cmdline,
      ...(disk && { hda: { ...disk, async: true, fixed_chunk_size: PART } }),
      ...{ disable_keyboard: true, disable_mouse: true, disable_speaker: true, autostart: true },
    });
    let [output, line] = ['', ''];
    const open = new Set(marks);
    return new Promise((resolve) => {
      const end = (): void => resolve({ seconds: (performance.now() - start) / 1000, output });
      if (limit !== undefined) setTimeout(end, limit * 1000);
      emulator.add_listener('serial0-output-byte', (byte) => {
        const character = String.fromCharCode(byte);
        output += character;
        line = character === '\n' ? '' : line + character;
        for (const mark of open) if (line.includes(mark) && open.delete(mark)) void benchMark(mark);
        if (line.includes(until)) end();
      });
    });
  }
}

export type { Peer };
globalThis.benchPeer = new Peer();
