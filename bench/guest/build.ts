/** Compiles the programs with Debian's compilers. */
import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { arch as hostArch } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ensureHostTools, findHostTool, MissingHostTool, type HostToolName } from '../../cli/tasks/host-tools.ts';

export type Arch = 'riscv64' | 'i386' | 'amd64';

export interface BuiltProgram {
  /** Of the source, without `.c`. */
  readonly name: string;
  /** Of a static, stripped ELF file. */
  readonly path: string;
}

interface Compiler {
  readonly packages: readonly [compiler: HostToolName, library: HostToolName];
  readonly flags: readonly string[];
}

const compilers: Readonly<Record<Arch, Compiler>> = {
  riscv64: { packages: ['gcc-riscv64-linux-gnu', 'libc6-dev-riscv64-cross'], flags: [] },
  // Doubles in SSE2, as every amd64 program has them: the x87 would round otherwise.
  i386: { packages: ['gcc-i686-linux-gnu', 'libc6-dev-i386-cross'], flags: ['-msse2', '-mfpmath=sse'] },
  amd64: { packages: ['gcc', 'libc6-dev'], flags: [] },
};

/** A fused multiply-add rounds once where the others round twice. */
const flags = ['-O2', '-std=gnu11', '-static', '-s', '-Wall', '-Wextra', '-Werror', '-ffp-contract=off'];

const sources = fileURLToPath(new URL('programs/', import.meta.url));

/**
 * Compiles all programs for an architecture. They are kept in `folder`, and compiled again when a source, the flags or
 * the compiler have changed.
 * @throws MissingHostTool if the compiler is missing and cannot be installed
 */
export async function buildPrograms(arch: Arch, folder: string): Promise<readonly BuiltProgram[]> {
  const { packages, flags: own } = compilers[arch];
  if (arch === 'amd64' && hostArch() !== 'x64') throw new MissingHostTool('Programs for amd64 need an amd64 host.');
  ensureHostTools(packages, (line) => console.error(line));
  const compiler = findHostTool(packages[0]) as string;

  const files = readdirSync(sources).sort();
  const hash = createHash('sha256').update(execFileSync(compiler, ['--version']));
  hash.update([...flags, ...own].join(' '));
  for (const file of files) hash.update(`\0${file}\0`).update(readFileSync(join(sources, file)));
  const built = join(folder, `programs-${arch}-${hash.digest('hex').slice(0, 16)}`);
  const programs = files
    .filter((file) => file.endsWith('.c'))
    .map((file) => ({ name: basename(file, '.c'), path: join(built, basename(file, '.c')) }));
  if (existsSync(built)) return programs;

  mkdirSync(folder, { recursive: true });
  const temporary = mkdtempSync(`${built}-`);
  try {
    for (const { name } of programs) {
      const [source, target] = [join(sources, `${name}.c`), join(temporary, name)];
      await promisify(execFile)(compiler, [...flags, ...own, '-o', target, source, '-lm']);
    }
    // Another process may have been faster.
    if (!existsSync(built)) renameSync(temporary, built);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
  return programs;
}
