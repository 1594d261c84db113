/** QEMU's user mode as the outside oracle: runs images, and says which instructions it knows. */
import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { instructions, type Row } from '../../../isa/table.ts';
import { seededRandom } from '../../../hart/float/testing/operands.ts';
import { Assembler, csrNumber, R } from '../../testing/assembler.ts';
import { RAM_BASE, type Block } from '../../testing/engine.ts';
import type { Image } from '../../testing/image.ts';
import { randomWord } from '../../testing/sequence.ts';
import { elfFile } from './elf.ts';

const EMULATOR = 'qemu-riscv64';
/** Properties of QEMU's processor that are asked for where it has them. */
const PROPERTIES = ['zba', 'zbb', 'zbs', 'zicond', 'zicbom', 'zicboz', 'x-zicond'];

/** A program was ended by a signal, or did not end. */
export class ProgramFailed extends Error {}

export class QemuUser {
  readonly version: string;
  readonly #folder: string;
  readonly #cpu: string;
  #count = 0;

  /** Throws when QEMU is not installed: what it proves is no matter of choice. */
  constructor() {
    const { status, stdout, error } = spawnSync(EMULATOR, ['--version'], { encoding: 'utf8' });
    if (status !== 0) {
      throw new Error(
        `the outside oracle is missing: install Debian's package qemu-user (${error?.message ?? 'it fails'})`,
      );
    }
    this.version = /version ([\d.]+)/.exec(stdout)?.[1] ?? '?';
    this.#folder = mkdtempSync(join(tmpdir(), 'tabhyve-oracle-'));
    this.#cpu = PROPERTIES.reduce((cpu, property) => {
      const more = `${cpu},${property}=true`;
      return this.#start(exitProgram(), more).status === 0 ? more : cpu;
    }, 'rv64');
  }

  dispose(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** What the program writes out: the image's data as it is in the end. */
  run(image: Image): Uint8Array {
    const { status, signal, stdout } = this.#start(image.blocks, this.#cpu);
    if (status !== 0) throw new ProgramFailed(`QEMU ended with ${signal ?? `status ${status}`}`);
    if (stdout.length !== image.data.length) throw new ProgramFailed(`QEMU wrote ${stdout.length} bytes`);
    return new Uint8Array(stdout.buffer, stdout.byteOffset, stdout.length);
  }

  /** Whether a row's instruction is anything but an illegal one. */
  knows(row: Row): boolean {
    // Executed with all registers but sp zero, it may fault. A jump might never end, and is in every QEMU.
    if (instructions[row.number].kind === 'jump') return true;
    const hasCsr = row.encoding.fields.some(({ name }) => name === 'csr');
    const word = randomWord(seededRandom(1), row, hasCsr ? { csr: csrNumber('fflags') } : {});
    return this.#start(exitProgram(word), this.#cpu).signal !== 'SIGILL';
  }

  #start(blocks: readonly Block[], cpu: string): SpawnSyncReturns<Buffer> {
    const path = join(this.#folder, `program-${this.#count++}`);
    writeFileSync(path, elfFile(blocks), { mode: 0o700 });
    const options = { maxBuffer: 1 << 28, timeout: 20_000 };
    const result = spawnSync(EMULATOR, ['-cpu', cpu, path], options);
    rmSync(path);
    return result;
  }
}

/** A program that exits with 0 after one instruction. */
function exitProgram(word?: number): Block[] {
  const a = new Assembler(RAM_BASE);
  if (word !== undefined) a.word(word);
  return [a.li(R.a7, 93).li(R.a0, 0).op('ecall').finish()];
}

/** Instructions that are the privileged architecture's, or need it, and so are none of user mode's. */
export function isPrivileged(row: Row): boolean {
  const { mnemonic, kind } = instructions[row.number];
  return (kind === 'system' && !/^csrr|^fence/.test(mnemonic)) || mnemonic === 'ecall';
}
