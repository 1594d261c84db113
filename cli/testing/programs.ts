/** Small bare-metal programs, as files. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { assembleText } from '../../core/isa/assemble-text.ts';
import { makeElf } from '../../machine/boot/testing/files.ts';

/** A folder that is gone after the tests of the file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tabhyve-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Ends with this value at the test finisher. */
export const finish = (value: number): string => `
        li   t0, 0x100000
        li   t1, ${value}
        sw   t1, 0(t0)
spin:   j    spin`;

/** Writes `value` to tohost. */
export const tellHost = (value: number): string => `
        la   t0, tohost
        li   t1, ${value}
        sd   t1, 0(t0)
spin:   j    spin
        nop
tohost: .dword 0`;

/** Sends back each byte that comes to the UART, until one is 4, and ends. */
export const echo = `
        li   s0, 0x10000000
next:   lbu  t0, 5(s0)
        andi t0, t0, 1
        beqz t0, next
        lbu  s1, 0(s0)
        li   t1, 4
        beq  s1, t1, end
full:   lbu  t0, 5(s0)
        andi t0, t0, 0x20
        beqz t0, full
        sb   s1, 0(s0)
        j    next
end:    ${finish(0x5555)}`;

/** Sends `x` for ever. */
export const chatter = `
        li   s0, 0x10000000
        li   s1, 120
full:   lbu  t0, 5(s0)
        andi t0, t0, 0x20
        beqz t0, full
        sb   s1, 0(s0)
        j    full`;

/** Traps into nowhere. */
export const wedge = `
        li   t0, 0x1000
        csrw mtvec, t0
        jr   zero`;

/** Asks the SBI for a reset. */
export const systemReset = (type: number, reason: number): string => `
        li   a7, 0x53525354
        li   a6, 0
        li   a0, ${type}
        li   a1, ${reason}
        ecall
spin:   j    spin`;

/** Writes a program as a raw binary into `folder`, and returns its path. */
export function binary(folder: string, name: string, source: string): string {
  const path = join(folder, name);
  writeFileSync(path, assembleText(source).bytes);
  return path;
}

/** The same as an ELF file, at `base`, with its labels as symbols. */
export function elf(folder: string, name: string, source: string, base = 0x8000_0000): string {
  const path = join(folder, name);
  const { bytes, labels } = assembleText(source, base);
  const symbols = Object.fromEntries([...labels].map(([label, address]) => [label, BigInt(address)]));
  writeFileSync(path, makeElf({ entry: BigInt(base), segments: [{ vaddr: BigInt(base), bytes }], symbols }));
  return path;
}
