// What a student has saved outlives the tab, the worker and the browser, each killed at random moments while the guest writes.
//
// `npm run crash` does so a hundred times; TABHYVE_CRASH_ROUNDS says how often, TABHYVE_CRASH_SEED chooses the moments.

import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { test, type LaunchOptions } from '@playwright/test';
import { killTab, killWorker } from './support/kill.ts';
import { KillableBrowser } from './support/killable-browser.ts';
import { Records } from './support/records.ts';
import { BOOT, Vm } from './support/vm.ts';

const rounds = Number(process.env['TABHYVE_CRASH_ROUNDS'] ?? 5);
const seed = Number(process.env['TABHYVE_CRASH_SEED'] ?? Date.now() % 1_000_000);
/** The guest is killed within so many milliseconds after it has begun to write. */
const WRITES = 4000;

/** When the guest of a round is killed, in milliseconds. */
const momentOf = (round: number): number =>
  createHash('sha256').update(`${seed} ${round}`).digest().readUInt32LE() % WRITES;

type Kind = 'tab' | 'worker' | 'browser';

interface Student {
  readonly launch: LaunchOptions;
  readonly profile: string;
  readonly url: string;
  browser: KillableBrowser;
}

/** A page with the machine, in a browser that may have to be started for it. */
const open = async ({ browser, url }: Student): Promise<Vm> => Vm.open(await browser.context.newPage(), url);

async function kill(student: Student, vm: Vm, kind: Kind): Promise<void> {
  if (kind === 'browser') {
    await student.browser.kill();
    student.browser = await KillableBrowser.start(student.launch, student.profile);
    return;
  }
  await (kind === 'tab' ? killTab(vm.page) : killWorker(vm.page));
  await vm.page.close();
}

for (const { store, kinds, share } of [
  { store: 'IndexedDB', kinds: ['tab', 'worker', 'browser'] as const, share: Math.ceil(rounds / 2) },
  { store: 'a file', kinds: ['browser', 'tab', 'worker'] as const, share: Math.floor(rounds / 2) },
]) {
  test(`${share} sudden ends of a machine whose disk is in ${store} cost nothing`, async ({
    launchOptions,
    baseURL,
  }) => {
    test.setTimeout((share + 1) * (BOOT + 300_000));
    console.log(`TABHYVE_CRASH_SEED=${seed}`);
    const profile = mkdtempSync(join(tmpdir(), 'tabhyve-crash-'));
    const browser = await KillableBrowser.start(launchOptions, profile);
    const student: Student = { launch: launchOptions, profile, url: baseURL ?? '', browser };
    try {
      let vm = await open(student);
      if (store === 'a file') await vm.keepNewDisksInFile();
      await vm.boot();
      const records = new Records(seed);
      await records.install(vm);
      for (let round = 0; round < share; round++) {
        const kind = kinds[round % kinds.length];
        await records.begin(vm);
        await sleep(momentOf(round));
        const reported = await records.reported(vm);
        await kill(student, vm, kind);
        vm = await open(student);
        await test.step(`after the ${kind} ended behind record ${reported}`, async () => {
          await vm.boot();
          await records.check(vm, reported);
        });
      }
    } finally {
      await student.browser.kill();
      rmSync(profile, { recursive: true, force: true });
    }
  });
}
