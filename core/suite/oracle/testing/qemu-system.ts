/**
 * QEMU's full system as an oracle: runs a bare-metal program until it resets the machine, and reads its memory then.
 * It is driven by QMP over its standard streams (QEMU's manual, "QEMU Machine Protocol").
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Block } from '../../testing/engine.ts';
import { elfFile } from './elf.ts';

const EMULATOR = 'qemu-system-riscv64';
/** As near to this machine as QEMU's processor comes. */
const BASE_CPU = 'rv64,h=false,v=false,debug=false,pmu-num=29';
const PROPERTIES = [
  'zbc=false',
  'zawrs=false',
  'zfa=false',
  'svpbmt=true',
  'svinval=true',
  'svnapot=false',
  'sstc=true',
  'svadu=true',
  'smepmp=false',
];
const PATIENCE = 60_000;

export class QemuSystem {
  readonly version: string;
  /** Properties of the processor that this QEMU has. */
  readonly properties: readonly string[];
  readonly #folder: string;

  /** Throws when QEMU is not installed: what it proves is no matter of choice. */
  constructor() {
    const { status, stdout, error } = spawnSync(EMULATOR, ['--version'], { encoding: 'utf8' });
    if (status !== 0) {
      throw new Error(
        `the outside oracle is missing: install Debian's package qemu-system-misc (${error?.message ?? 'it fails'})`,
      );
    }
    this.version = /version ([\d.]+)/.exec(stdout)?.[1] ?? '?';
    this.#folder = mkdtempSync(join(tmpdir(), 'tabhyve-system-'));
    this.properties = PROPERTIES.filter((property) => this.#accepts(`${BASE_CPU},${property}`));
  }

  dispose(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Runs blocks from the lowest on, in M-mode, until they write 0x7777 to the test finisher, which halts QEMU so; then the memory at `address`. */
  async run(blocks: readonly Block[], address: number, length: number): Promise<Uint8Array> {
    const program = join(this.#folder, 'program');
    const dump = join(this.#folder, 'dump');
    writeFileSync(program, elfFile(blocks));
    const cpu = [BASE_CPU, ...this.properties].join(',');
    const machine = ['-M', 'virt', '-cpu', cpu, '-m', '128M', '-bios', 'none', '-kernel', program];
    const child = spawn(
      EMULATOR,
      [...machine, '-display', 'none', '-serial', 'none', '-no-reboot', '-no-shutdown', '-S', '-qmp', 'stdio'],
      { stdio: ['pipe', 'pipe', 'inherit'] },
    );
    const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE);
    const send = (execute: string, args?: object): boolean =>
      child.stdin.write(`${JSON.stringify({ execute, ...(args ? { arguments: args } : {}) })}\n`);
    const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
    let saved = false;
    send('qmp_capabilities');
    send('cont');
    for await (const line of createInterface({ input: child.stdout })) {
      const message = JSON.parse(line) as { event?: string; error?: { desc: string }; return?: unknown };
      if (message.error) throw new Error(`QEMU says: ${message.error.desc}`);
      if (message.event === 'SHUTDOWN' && !saved) {
        saved = true;
        send('pmemsave', { val: address, size: length, filename: dump });
        send('quit');
      }
    }
    await ended;
    clearTimeout(timer);
    if (!saved) throw new Error('QEMU ended, or was ended, before the program did');
    return new Uint8Array(readFileSync(dump));
  }

  #accepts(cpu: string): boolean {
    const options = ['-M', 'virt', '-cpu', cpu, '-display', 'none', '-bios', 'none', '-S', '-monitor', 'stdio'];
    return spawnSync(EMULATOR, options, { input: 'quit\n', timeout: PATIENCE }).status === 0;
  }
}
