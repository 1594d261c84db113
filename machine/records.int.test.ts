/**
 * What a student has saved: a guest writes records, and its disk crashes at random moments, of which it keeps no more than it
 * must. `npm run crash` does so a hundred times; TABHYVE_CRASH_ROUNDS says how often, TABHYVE_CRASH_SEED chooses the moments.
 */
import { statSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { seededRandom } from '../core/hart/float/testing/operands.ts';
import { fileBase } from '../devices/block/raw-file.node.ts';
import { CrashingDisk } from '../devices/block/testing/crashing-disk.ts';
import { prepareImages } from '../guest/index.ts';
import { checkRecords, checkRoot, writeRecords, type Crashed, type Guest } from './testing/records.ts';

const rounds = Number(process.env['TABHYVE_CRASH_ROUNDS'] ?? 5);
const seed = Number(process.env['TABHYVE_CRASH_SEED'] ?? Date.now() % 1_000_000);
/** Crashes of one guest; the next one goes on from the last of them. */
const CRASHES = 25;
/** The device makes durable what it was given within so many milliseconds: what is acknowledged too early is reported too early. */
const SLOWEST = 30;
const SIZE = 96 * 2 ** 20;
const PATIENCE = 180_000 + 20_000 * rounds;

let guest: Guest;
beforeAll(async () => {
  console.log(`TABHYVE_CRASH_SEED=${seed}`);
  const images = await prepareImages({ log: () => undefined, publish: false });
  guest = { images, script: new URL('../e2e/guest/records.py', import.meta.url) };
});

describe.each(['indexeddb', 'opfs'] as const)('a disk in %s that crashes', { timeout: PATIENCE }, (store) => {
  const random32 = seededRandom(seed);
  const random = (): number => random32() / 2 ** 32;
  const sync = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, random() * SLOWEST));

  test('keeps every record that was reported', async () => {
    let disk = new CrashingDisk({ store, size: SIZE, sync });
    let highest = 0;
    for (let done = 0; done < rounds; done += CRASHES) {
      const crashes = Math.min(CRASHES, rounds - done);
      const crashed = await writeRecords(guest, disk, { seed, crashes, random, empty: done === 0 });
      const kept = await checkRecords(guest, crashed, seed);
      expect(kept).toHaveLength(crashes);
      const last = kept.at(-1) ?? 0;
      expect(last).toBeGreaterThan(highest);
      highest = last;
      // As the guest that looked at it has left it.
      disk = crashed[crashes - 1].disk;
    }
  });

  test('boots from what is left of its root', async () => {
    const { root } = guest.images;
    let disk = new CrashingDisk({ store, size: statSync(root).size, sync, base: () => fileBase(root) });
    let highest = 0;
    for (let round = 0; round < Math.ceil(rounds / 10); round++) {
      const crashed = await writeRecords(guest, disk, { seed, crashes: 1, random, root: true });
      const last: Crashed = crashed[0];
      const kept = await checkRoot(guest, last, seed);
      expect(kept).toBeGreaterThan(highest);
      highest = kept;
      disk = last.disk;
    }
  });
});
