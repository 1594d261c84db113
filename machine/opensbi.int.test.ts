/** OpenSBI, from Debian's package, as the firmware in M-mode: under programs of our own, and under Debian. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ensureHostTools, findHostTool } from '../cli/tasks/host-tools.ts';
import { prepareImages } from '../guest/index.ts';
import { patchWhileCalling } from '../guest/programs/code.ts';
import type { Amount } from '../guest/programs/runtime.ts';
import { timersAndInterrupts } from '../guest/programs/services.ts';
import { remoteFenceBySbi } from '../guest/programs/translation.ts';
import { loadDebian, rootDisk } from './testing/debian.ts';
import { run } from './testing/run.ts';

ensureHostTools(['opensbi'], console.log);
const folder = dirname(findHostTool('opensbi') ?? '');
const firmware = (name: string): Uint8Array => new Uint8Array(readFileSync(join(folder, name)));

const MORE = Number(process.env['TABHYVE_SOAK'] ?? 1);
const amount = (rounds: number): Amount => ({ rounds: rounds * MORE, ticks: 1e7 * MORE });
const patience = 30_000 * MORE;
const PASSED = { reason: 'power-off', code: 0 };

describe('programs in S-mode', () => {
  test('timers, interrupts between processors, and protected memory', async () => {
    const program = timersAndInterrupts(amount(200), { firmware: true });
    const { stop, word, output } = await run(program, { firmware: firmware('fw_dynamic.bin'), patience });
    expect(stop).toEqual(PASSED);
    expect(word('rounds')).toBeGreaterThan(3);
    expect(output).toMatch(/Platform HART Count +: 2/);
    expect(output).toMatch(/Boot HART PMP Count +: 16/);
  });

  test('the same timers and interrupts over the built-in SBI', async () => {
    const { stop } = await run(timersAndInterrupts(amount(200), { firmware: false }), { firmware: 'sbi', patience });
    expect(stop).toEqual(PASSED);
  });

  test('remote fences', async () => {
    // It puts the device tree at 0x82200000.
    const options = { firmware: firmware('fw_jump.bin'), ramBytes: 64 << 20, patience };
    expect((await run(remoteFenceBySbi(amount(1000)), options)).stop).toEqual(PASSED);
    expect((await run(patchWhileCalling(amount(2000), 'alone', 'sbi'), options)).stop).toEqual(PASSED);
  });
});

test.each([
  ['fw_jump.elf', 1],
  ['fw_dynamic.bin', 2],
])('Debian over %s, with %i processors', async (name, harts) => {
  const images = await prepareImages({ log: () => undefined, publish: false });
  const backend = await rootDisk(images);
  const debian = await loadDebian(images, { harts, firmware: firmware(name), disks: [{ id: 'root', backend }] });
  const { console, machine } = debian;
  try {
    machine.start();
    await console.shell();
    expect(await console.run('nproc')).toBe(String(harts));
    const dmesg = await console.run('dmesg');
    // 1 is OpenSBI.
    expect(dmesg).toContain('SBI implementation ID=0x1 ');
    expect(dmesg).toContain('Timer interrupt in S-mode is available via sstc extension');
    expect(dmesg).not.toMatch(/Oops|BUG:|WARNING:/);
    console.type('poweroff\n');
    expect(await debian.ended).toEqual(PASSED);
  } finally {
    await machine.stop();
    await backend.close();
  }
});
