/**
 * A machine is its memory: paused at random moments of a boot and of work on its disk, copied, thrown away with all its
 * threads, and gone on with in new ones. TABHYVE_SEED chooses the moments.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findHostTool } from '../cli/tasks/host-tools.ts';
import { prepareImages, type Images } from '../guest/index.ts';
import { seededRandom } from '../core/hart/float/testing/operands.ts';
import { loadDebian, rootDisk, type Debian } from './testing/debian.ts';
import { SlowDisk } from './testing/slow-disk.ts';

const seed = Number(process.env['TABHYVE_SEED'] ?? 1);
const MORE = Number(process.env['TABHYVE_SOAK'] ?? 1);
const folder = mkdtempSync(join(tmpdir(), 'tabhyve-transplant-'));
afterAll(() => rmSync(folder, { recursive: true }));

const digest = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');
let images: Images;
beforeAll(async () => {
  images = await prepareImages({ log: () => undefined, publish: false });
});

/** The SHA-256 of a file of the root image, read by other means than the guest's. */
function inImage(path: string): string {
  const file = join(folder, 'file');
  const debugfs = join(findHostTool('e2fsprogs') ?? '', '../debugfs');
  execFileSync(debugfs, ['-R', `dump ${path} ${file}`, images.root], { stdio: 'ignore' });
  return digest(readFileSync(file));
}

function copyOf(memory: WebAssembly.Memory): WebAssembly.Memory {
  const pages = memory.buffer.byteLength / 65536;
  const copy = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  new Uint8Array(copy.buffer).set(new Uint8Array(memory.buffer));
  return copy;
}

class Transplants {
  /** Reads that were out at each of them. */
  readonly readsOut: number[] = [];
  readonly #debian: Debian;
  readonly #disk: SlowDisk;

  constructor(debian: Debian, disk: SlowDisk) {
    this.#debian = debian;
    this.#disk = disk;
  }

  /** Moves the machine, with the reads that are out held until it runs in its new threads. */
  async move(): Promise<void> {
    const { machine } = this.#debian;
    this.#disk.holdReads();
    await machine.pause();
    this.readsOut.push(this.#disk.readsOut);
    const copy = copyOf(machine.board.memory);
    // What the old machine still does, and what is written over its memory, is of no consequence any more.
    this.#debian.replace(copy);
    await machine.stop();
    new Uint8Array(machine.board.memory.buffer).fill(0xa5, machine.board.map.ram);
    this.#debian.machine.startCopied();
    this.#disk.release();
  }

  /** Resolves when the disk is asked for the given read, counted from now. */
  read(count: number): Promise<void> {
    const target = this.#disk.reads + count;
    return new Promise((resolve) => {
      this.#disk.onRead = () => {
        if (this.#disk.reads === target) setImmediate(resolve);
      };
    });
  }
}

test.each([1, 2])('a boot goes on in other threads, with reads outstanding, %i processors', async (harts) => {
  const random = seededRandom(seed + harts);
  const fraction = (): number => (random() >>> 0) / 2 ** 32;
  const disk = new SlowDisk(await rootDisk(images), { random: fraction, slowest: 6 });
  const debian = await loadDebian(images, { harts, disks: [{ id: 'root', backend: disk }], ramBytes: 192 << 20 });
  const moves = new Transplants(debian, disk);
  const { console } = debian;
  try {
    debian.machine.start();
    let booting = true;
    const shell = console.shell().then(() => (booting = false));
    for (let i = 0; i < 4 * MORE && booting; i++) {
      await Promise.race([moves.read(1 + Math.floor(fraction() * 30)), shell]);
      await moves.move();
    }
    await shell;
    expect(moves.readsOut.length).toBeGreaterThan(2);
    expect(Math.max(...moves.readsOut)).toBeGreaterThan(0);

    // What was read is right, and so is what is read now, past the guest's cache.
    const files = ['/usr/bin/bash', '/usr/lib/riscv64-linux-gnu/ld-linux-riscv64-lp64d.so.1'];
    for (const drop of ['true', 'echo 3 > /proc/sys/vm/drop_caches']) {
      await console.run(drop);
      for (const file of files) expect(await console.run(`sha256sum < ${file}`)).toBe(`${inImage(file)}  -`);
    }

    // Writing, moved in the middle of it.
    const written = console.run(
      'for i in 1 2 3 4 5 6; do seq $i 7 60000 > /root/f$i; sync; done; echo 3 > /proc/sys/vm/drop_caches',
    );
    for (let i = 0; i < 2 * MORE; i++) {
      await new Promise((resolve) => setTimeout(resolve, fraction() * 400));
      await moves.move();
    }
    await written;
    await moves.move();
    for (let i = 1; i <= 6; i++) {
      const lines = Array.from({ length: Math.floor((60_000 - i) / 7) + 1 }, (_, n) => `${i + 7 * n}\n`);
      expect(await console.run(`sha256sum < /root/f${i}`)).toBe(`${digest(lines.join(''))}  -`);
    }
    expect(await console.run('dmesg -l err,crit,alert,emerg')).toBe('');
    console.type('poweroff\n');
    expect(await debian.ended).toEqual({ reason: 'power-off', code: 0 });
  } finally {
    await debian.machine.stop();
    await disk.close();
  }
});

test('a memory of another shape is refused', async () => {
  const debian = await loadDebian(images, { harts: 1 });
  const memory = copyOf(debian.machine.board.memory);
  new DataView(memory.buffer).setUint32(debian.machine.board.map.control, 0, true);
  expect(() => debian.replace(memory)).toThrow('not that of a machine of this shape');
});
