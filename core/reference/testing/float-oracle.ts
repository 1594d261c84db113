/**
 * An outside opinion on floating point: each routine's instruction, run by QEMU's user mode on operands that we send.
 *
 * The program is C around one line of assembly for each instruction. It reads records of four 64-bit words (number of the
 * instruction and rounding mode, a, b, c) and writes two for each: the result and fflags.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FloatOutcome } from '../float.ts';

const COMPILER = 'riscv64-linux-gnu-gcc';
const EMULATOR = 'qemu-riscv64';
const PACKAGES = { [COMPILER]: 'gcc-riscv64-linux-gnu', [EMULATOR]: 'qemu-user' };

export interface FloatCase {
  readonly name: string;
  readonly args: readonly bigint[];
  readonly rm: number;
}

export interface FloatOracle {
  run(cases: readonly FloatCase[]): FloatOutcome[];
  dispose(): void;
}

/** Throws when a tool is missing: what it proves is no matter of choice. */
function requireTools(): void {
  for (const [tool, debianPackage] of Object.entries(PACKAGES)) {
    if (spawnSync(tool, ['--version']).status === 0) continue;
    throw new Error(`the outside oracle is missing: ${tool} does not run; install Debian's package ${debianPackage}`);
  }
}

/** Builds the program for these routines in a temporary folder. Throws when the compiler or the emulator is missing. */
export function floatOracle(names: readonly string[]): FloatOracle {
  requireTools();
  const folder = mkdtempSync(join(tmpdir(), 'float-oracle-'));
  const source = join(folder, 'oracle.c');
  const program = join(folder, 'oracle');
  writeFileSync(source, programText(names));
  execFileSync(COMPILER, ['-static', '-O1', '-march=rv64gc', '-o', program, source]);
  return {
    run(cases) {
      const input = new BigUint64Array(cases.length * 4);
      cases.forEach(({ name, args, rm }, i) => {
        input.set([BigInt(names.indexOf(name)) | (BigInt(rm) << 32n), ...args], i * 4);
      });
      const bytes = Buffer.from(input.buffer);
      const output = execFileSync(EMULATOR, [program], { input: bytes, maxBuffer: cases.length * 16 });
      const words = new BigUint64Array(output.buffer.slice(output.byteOffset, output.byteOffset + output.byteLength));
      return cases.map((_, i) => ({ value: words[2 * i], flags: Number(words[2 * i + 1]) }));
    },
    dispose: () => rmSync(folder, { recursive: true }),
  };
}

function programText(names: readonly string[]): string {
  const cases = names.map((name, number) => `      case ${number}: RUN("${assembly(name)}"); break; /* ${name} */`);
  return `#include <stdint.h>
#include <stdio.h>

#define RUN(instructions)                                                        \\
  asm volatile("csrw fcsr, %[fcsr]\\n" instructions "\\nfrflags %[flags]"          \\
               : [r] "=&r"(out[0]), [flags] "=&r"(out[1])                        \\
               : [fcsr] "r"(rm << 5), [a] "r"(in[1]), [b] "r"(in[2]), [c] "r"(in[3]) \\
               : "ft0", "ft1", "ft2", "ft3")

int main(void) {
  uint64_t in[4], out[2];
  while (fread(in, sizeof in, 1, stdin) == 1) {
    uint64_t rm = in[0] >> 32;
    switch ((uint32_t)in[0]) {
${cases.join('\n')}
      default: return 1;
    }
    fwrite(out, sizeof out, 1, stdout);
  }
  return 0;
}
`;
}

const SUFFIX: Readonly<Record<string, string>> = { f32: 's', f64: 'd', i32: 'w', u32: 'wu', i64: 'l', u64: 'lu' };

/** The instructions of a routine: operands to registers, the one that counts, its result to an integer register. */
function assembly(name: string): string {
  const [from = '', ...rest] = name.split('_');
  const suffix = SUFFIX[from];
  if (rest[0] === 'to') {
    const to = rest[1];
    const isWidening = from === 'f32' && to === 'f64';
    // Exact conversions have no rounding mode to name.
    const rm = isWidening || (to === 'f64' && from.endsWith('32')) ? '' : ', dyn';
    const [source, load] = from.startsWith('f') ? ['ft0', [moveTo(from, 0)]] : ['%[a]', []];
    const [target, store] = to.startsWith('f') ? ['ft3', [moveFrom(to)]] : ['%[r]', []];
    return [...load, `fcvt.${SUFFIX[to]}.${suffix} ${target}, ${source}${rm}`, ...store].join('\\n');
  }
  const operation = rest[0];
  const [sources, rm] = SHAPES[operation];
  const registers = ['ft0', 'ft1', 'ft2'].slice(0, sources);
  const isFloat = !['eq', 'lt', 'le', 'class'].includes(operation);
  const operands = [isFloat ? 'ft3' : '%[r]', ...registers, ...(rm ? ['dyn'] : [])].join(', ');
  const loads = registers.map((_, i) => moveTo(from, i));
  return [...loads, `f${operation}.${suffix} ${operands}`, ...(isFloat ? [moveFrom(from)] : [])].join('\\n');
}

/** Number of operands, and whether there is a rounding mode. */
const SHAPES: Readonly<Record<string, readonly [number, boolean]>> = {
  add: [2, true],
  sub: [2, true],
  mul: [2, true],
  div: [2, true],
  sqrt: [1, true],
  madd: [3, true],
  eq: [2, false],
  lt: [2, false],
  le: [2, false],
  min: [2, false],
  max: [2, false],
  class: [1, false],
};

function moveTo(format: string, index: number): string {
  return `fmv.${format === 'f32' ? 'w' : 'd'}.x ft${index}, %[${'abc'[index]}]`;
}

function moveFrom(format: string): string {
  // FMV.X.W extends the sign; binary32 travels with zeros above.
  if (format === 'f64') return 'fmv.x.d %[r], ft3';
  return 'fmv.x.w %[r], ft3\\nslli %[r], %[r], 32\\nsrli %[r], %[r], 32';
}
