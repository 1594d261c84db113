// The writer of records (e2e/guest/records.py) in a machine in a page.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { Vm } from './vm.ts';

const source = fileURLToPath(new URL('../guest/records.py', import.meta.url));
const SCRIPT = '/root/records.py';
const FOLDER = '/root/records';
/** Characters that are typed at once. */
const PIECE = 1000;

/** Types a script into the guest, as a file. */
export async function typeScript(vm: Vm, path: string, target: string): Promise<void> {
  const packed = gzipSync(readFileSync(path)).toString('base64');
  await vm.run(`: > ${target}.packed`);
  for (let at = 0; at < packed.length; at += PIECE) {
    await vm.run(`printf %s ${packed.slice(at, at + PIECE)} >> ${target}.packed`);
  }
  await vm.run(`base64 -d ${target}.packed | gunzip > ${target} && rm ${target}.packed && sync`);
}

export class Records {
  readonly #seed: number;

  constructor(seed: number) {
    this.#seed = seed;
  }

  install(vm: Vm): Promise<void> {
    return typeScript(vm, source, SCRIPT);
  }

  /** Begins to write, and returns when a record is reported. */
  async begin(vm: Vm): Promise<void> {
    await vm.type(`clear; python3 ${SCRIPT} write ${FOLDER} ${this.#seed}\n`);
    await vm.waitForText(/record records \d+\n/, 120_000);
  }

  /** The last record that the console shows as reported. */
  async reported(vm: Vm): Promise<number> {
    return Number([...(await vm.text()).matchAll(/record records (\d+)\n/g)].at(-1)?.[1]);
  }

  /** All records up to one are there, and the file system, which its journal alone has recovered, is without error. */
  async check(vm: Vm, reported: number): Promise<void> {
    await vm.run(`python3 ${SCRIPT} check ${FOLDER} ${this.#seed} ${reported}`, 120_000);
    await vm.run('sync && mount -o remount,ro / && e2fsck -fn /dev/vda && mount -o remount,rw /', 120_000);
  }
}
