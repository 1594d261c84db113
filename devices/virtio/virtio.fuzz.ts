/**
 * What a hostile or broken driver may do to virtio devices and the PCI host: any access to any register, any bytes in
 * rings and descriptors, at any time between the device's own steps.
 *
 * Two things hold all the while: nothing throws, and nothing changes but guest RAM and the devices' own structures.
 */
import fc from 'fast-check';
import { createHash } from 'node:crypto';
import { RAM_BASE } from '../../core/shared/memory-map.ts';
import { BlockError } from '../block/backend.ts';
import type { AccessWidth } from '../device.ts';
import { VirtioBlock, virtioBlockType } from './block.ts';
import { WRITEBACK } from './block-config.ts';
import { VirtioConsole, virtioConsoleType } from './console.ts';
import { VirtioEntropy, virtioEntropyType } from './entropy.ts';
import type { VirtioModel, VirtioType } from './model.ts';
import { FakeBoard, SLOT, TRANSPORTS, type TransportName } from './testing/fake-board.ts';
import { FakeDisk } from './testing/fake-disk.ts';
import { FakeDriver } from './testing/fake-driver.ts';

const RAM_SIZE = 16 << 20;
const RAM_END = RAM_BASE + RAM_SIZE;
/** Of a block device. */
const QUEUES = 4;
/** Where the PCI driver puts the BAR. */
const BAR = 0x10_0000;

const width = fc.constantFrom<AccessWidth>(1, 2, 4);
const small = fc.integer({ min: 0, max: 300 });
/** Numbers that mean something to a device, and any. */
const value = fc.oneof(
  small,
  fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  fc.constantFrom(0xffff_ffff, 0x8000_0000, 0xffff, 0xff, 15, 11, 7),
  fc.integer({ min: 0, max: 64 }).map((step) => RAM_BASE + 16 * step),
  fc.integer({ min: 0, max: 64 }).map((step) => RAM_END - 16 * step),
);

/** Of a disk, which has 2048; or anything. */
const sector = fc.oneof({ weight: 4, arbitrary: fc.nat(2100) }, value);

/** One thing that happens. `place` is reduced to the size of what it is an offset into. */
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('write' as const), place: fc.nat(0x4000), width, value }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('read' as const), place: fc.nat(0x4000), width }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('config' as const), place: fc.nat(0x1000), width, value }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('descriptor' as const),
      queue: fc.nat(1),
      index: fc.nat(15),
      address: value,
      length: fc.oneof(small, value),
      flags: fc.nat(7),
      next: fc.nat(17),
    }),
  },
  {
    weight: 24,
    arbitrary: fc.record({
      kind: fc.constant('chain' as const),
      queue: fc.nat(QUEUES - 1),
      start: fc.nat(11),
      lengths: fc.array(fc.oneof(fc.constantFrom(1, 16, 512, 4096), small), { minLength: 1, maxLength: 4 }),
      readable: fc.nat(3),
      header: fc.array(fc.nat(15), { minLength: 4, maxLength: 4 }),
    }),
  },
  {
    weight: 24,
    // What a disk's driver asks for, with something wrong now and then.
    arbitrary: fc.record({
      kind: fc.constant('request' as const),
      queue: fc.nat(QUEUES - 1),
      start: fc.nat(4),
      type: fc.oneof({ weight: 9, arbitrary: fc.constantFrom(0, 1, 4, 8, 11, 13) }, fc.nat(20)),
      sector,
      /** Bytes of data; else as many as there should be. */
      data: fc.oneof(
        { weight: 4, arbitrary: fc.constant(undefined) },
        fc.nat(5000),
        fc.constantFrom(16 * 33, 64 * 512),
      ),
      ranges: fc.array(
        fc.record({
          sector,
          sectors: fc.oneof({ weight: 4, arbitrary: fc.nat(128) }, value),
          flags: fc.oneof({ weight: 6, arbitrary: fc.constant(0) }, { weight: 2, arbitrary: fc.constant(1) }, value),
        }),
        { minLength: 1, maxLength: 4 },
      ),
      swapped: fc.nat(9).map((n) => n === 0),
      answered: fc.nat(9).map((n) => n !== 0),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('offer' as const), queue: fc.nat(1), head: fc.nat(17) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('avail' as const), queue: fc.nat(1), at: fc.nat(40), value }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('notify' as const), queue: fc.nat(QUEUES) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('configuration' as const),
      place: fc.oneof(fc.nat(63), fc.constant(WRITEBACK)),
      width,
      value,
    }),
  },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('initialise' as const) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('host' as const), what: fc.nat(3), amount: fc.nat(5000) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('settle' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('pause' as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

interface Subject {
  readonly board: FakeBoard;
  /** What the host does of its own accord. */
  readonly host: (what: number, amount: number) => void;
}

function board<Own>(transport: TransportName, type: VirtioType<Own>, make: (own: Own) => VirtioModel): FakeBoard {
  return new FakeBoard(transport, type, make);
}

const subjects: Record<string, (transport: TransportName) => Subject> = {
  console(transport) {
    let model: VirtioConsole | undefined;
    const made = board(
      transport,
      virtioConsoleType,
      (input) => (model = new VirtioConsole({ input, columns: 80, rows: 25, onOutput: () => undefined })),
    );
    return {
      board: made,
      host: (what, amount) => (what === 0 ? model?.resize(amount, what) : model?.input(new Uint8Array(amount))),
    };
  },
  block(transport) {
    const disk = new FakeDisk();
    const type = virtioBlockType(QUEUES);
    const made = board(transport, type, () => new VirtioBlock({ backend: disk, id: 'fuzz', queues: QUEUES }));
    return {
      board: made,
      host(what) {
        if (what === 0) disk.hold();
        else disk.release(what === 1);
        disk.failure = what === 3 ? new BlockError('store', 'It fails.') : undefined;
      },
    };
  },
  entropy(transport) {
    const made = board(transport, virtioEntropyType, () => new VirtioEntropy({ fill: (target) => target.fill(1) }));
    return { board: made, host: () => undefined };
  },
};

/** Bytes next to the devices' structures and to RAM: an address that is off by a little lands there. */
const NEIGHBOURHOOD = 0x1_0000;

/** A digest of memory that no device may change: all of it, or what is nearest to what devices do change. */
function untouchable({ memory, map }: FakeBoard, all: boolean): string {
  const bytes = new Uint8Array(memory.buffer);
  const hash = createHash('sha1');
  const cover = (from: number, to: number): void => void hash.update(bytes.slice(from, to));
  cover(0, map.devices);
  // The structures of one device and one host take less than half of the devices' part.
  cover(map.devicesEnd - NEIGHBOURHOOD, all ? map.ram : map.devicesEnd + NEIGHBOURHOOD);
  cover(map.ram - NEIGHBOURHOOD, map.ram);
  cover(map.ram + map.ramBytes, map.total);
  return hash.digest('hex');
}

/** Puts a chain that is nearly right into a queue, with `header` at the beginning of each buffer. */
function chain(driver: FakeDriver, queue: number, step: Extract<Step, { kind: 'chain' }>): void {
  const { desc } = driver.rings[queue];
  const { start, lengths, readable, header } = step;
  lengths.forEach((length, i) => {
    const address = RAM_BASE + 0x80_0000 + 0x1000 * (start + i);
    header.forEach((word, at) => driver.ram.writeU32(address + 4 * at, at === 0 ? word : word % 2));
    const last = i === lengths.length - 1;
    driver.descriptor(desc, start + i, address, length, (i < readable ? 0 : 2) | (last ? 0 : 1), start + i + 1);
  });
  driver.offer(start, queue);
}

/** `struct virtio_blk_req` (5.2.6): a header, data or ranges, a status. */
function request(driver: FakeDriver, queue: number, step: Extract<Step, { kind: 'request' }>): void {
  const { desc } = driver.rings[queue];
  const { start, type, sector, data, ranges, swapped, answered } = step;
  const at = RAM_BASE + 0x80_0000 + 0x1_0000 * start;
  [type, 0, sector, 0].forEach((word, i) => driver.ram.writeU32(at + 4 * i, word));
  const words = ranges.flatMap(({ sector, sectors, flags }) => [sector, 0, sectors, flags]);
  words.forEach((word, i) => driver.ram.writeU32(at + 16 + 4 * i, word));
  // What is read from the disk, and its name, are for the device to write.
  const writable = (type === 0 || type === 8) !== swapped;
  const length = data ?? (type < 2 ? 512 * ranges.length : 4 * words.length);
  const parts = [
    { length: 16, flags: 0 },
    ...(length > 0 ? [{ length, flags: writable ? 2 : 0 }] : []),
    ...(answered ? [{ length: 1, flags: 2 }] : []),
  ];
  let address = at;
  parts.forEach(({ length, flags }, i) => {
    const last = i === parts.length - 1;
    driver.descriptor(desc, 3 * start + i, address, length, flags | (last ? 0 : 1), 3 * start + i + 1);
    address += length;
  });
  driver.offer(3 * start, queue);
}

async function play({ board, host }: Subject, steps: readonly Step[]): Promise<void> {
  let driver = new FakeDriver(board, { queueSize: 16 });
  // Over PCI the BAR may have been moved and switched off: a new driver looks for it again.
  const start = (): void => {
    driver = new FakeDriver(board, { queueSize: 16 });
    driver.initialise();
  };
  const ring = (queue: number) => driver.rings[queue % Math.max(driver.rings.length, 1)];
  const [registers, base] = board.transport === 'mmio' ? [board.mmio, 0] : [board.pci.window, BAR];
  const size = board.transport === 'mmio' ? 0x1000 : 0x4000;
  // Most registers stand at the beginning of a region.
  const offset = (place: number, bytes: number): number => {
    const near = place % 2 === 0 ? (place & 0x3000) | (place & 0xff) : place;
    return base + Math.min(near % size, size - bytes);
  };
  for (const each of steps) {
    switch (each.kind) {
      case 'write':
        registers.write(offset(each.place, each.width), each.width, each.value % 2 ** (8 * each.width));
        break;
      case 'read': {
        const read = registers.read(offset(each.place, each.width), each.width);
        if (!(read >= 0 && read < 2 ** (8 * each.width))) throw new Error(`a read gives ${read}`);
        break;
      }
      case 'config': {
        const at = SLOT * 8 * 4096 + Math.min(each.place % 2 === 0 ? each.place & 0xff : each.place, 4096 - each.width);
        board.pci.ecam.read(at, each.width);
        board.pci.ecam.write(at, each.width, each.value % 2 ** (8 * each.width));
        break;
      }
      case 'configuration': {
        if (board.registers.type.configSize === 0) break;
        const at = each.place - (each.place % each.width);
        driver.transport.writeConfig(at, each.width, each.value % 2 ** (8 * each.width));
        driver.transport.readConfig(at, each.width);
        break;
      }
      case 'descriptor':
        if (ring(each.queue) === undefined) break;
        driver.descriptor(ring(each.queue).desc, each.index, each.address, each.length >>> 0, each.flags, each.next);
        break;
      case 'request':
      case 'chain': {
        const rings = driver.rings.length;
        if (rings === 0) break;
        if (driver.needsReset) start();
        if (each.kind === 'chain') chain(driver, each.queue % rings, each);
        else request(driver, each.queue % rings, each);
        driver.transport.notify(each.queue % rings);
        board.device.serve();
        break;
      }
      case 'offer':
        if (ring(each.queue) !== undefined) driver.offer(each.head, driver.rings.indexOf(ring(each.queue)));
        break;
      case 'avail':
        if (ring(each.queue) !== undefined)
          board.ram.writeU16(ring(each.queue).driver + each.at - (each.at % 2), each.value & 0xffff);
        break;
      case 'notify':
        driver.transport.notify(each.queue);
        board.device.serve();
        break;
      case 'initialise':
        start();
        break;
      case 'host':
        host(each.what, each.amount);
        break;
      case 'settle':
        await new Promise((resolve) => setTimeout(resolve, 0));
        board.device.serve();
        break;
      case 'pause':
        host(1, 0);
        await board.device.pause();
        board.device.resume();
        break;
    }
  }
  host(1, 0);
  await board.run();
}

const OUTSIDE = 'memory outside of RAM and devices has changed';

/** Plays `runs` random games with each device over each transport. Prints the seed, and throws with a small example. */
export async function fuzzVirtio(seed: number, runs: number): Promise<void> {
  for (const [name, make] of Object.entries(subjects)) {
    for (const transport of TRANSPORTS) {
      console.log(`fuzzing virtio ${name} over ${transport}, seed ${seed}`);
      // One machine for all games: a game begins where the last one ended.
      const subject = make(transport);
      const [near, all] = [untouchable(subject.board, false), untouchable(subject.board, true)];
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 150 }), async (steps) => {
          await play(subject, [{ kind: 'initialise' }, ...steps]);
          if (untouchable(subject.board, false) !== near) throw new Error(OUTSIDE);
        }),
        { seed, numRuns: runs },
      );
      if (untouchable(subject.board, true) !== all) throw new Error(OUTSIDE);
    }
  }
}
