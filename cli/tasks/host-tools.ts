// The programs and files that tabhyve needs of the host, and how they get there: through apt, or by hand elsewhere.

import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

interface HostTool {
  /** A command on PATH, or a file by its whole path, that shows that the tool is there. */
  readonly evidence: string;
  /** The environment variable that names the tool where it lies somewhere else. */
  readonly variable?: string;
}

/** By the name of Debian's package. */
const hostTools = {
  chromium: { evidence: 'chromium', variable: 'TABHYVE_CHROMIUM' },
  'debian-archive-keyring': { evidence: '/usr/share/keyrings/debian-archive-keyring.gpg' },
  'btrfs-progs': { evidence: 'btrfs' },
  e2fsprogs: { evidence: 'mke2fs' },
  gpgv: { evidence: 'gpgv' },
  opensbi: { evidence: '/usr/lib/riscv64-linux-gnu/opensbi/generic/fw_dynamic.bin' },
  openssl: { evidence: 'openssl' },
  'qemu-system-misc': { evidence: 'qemu-system-riscv64' },
  'qemu-utils': { evidence: 'qemu-img' },
  'qemu-user': { evidence: 'qemu-riscv64' },
  xfsprogs: { evidence: 'mkfs.xfs' },
  'binutils-riscv64-linux-gnu': { evidence: 'riscv64-linux-gnu-as' },
  'gcc-riscv64-linux-gnu': { evidence: 'riscv64-linux-gnu-gcc' },
  'libc6-dev-riscv64-cross': { evidence: '/usr/riscv64-linux-gnu/include/stdio.h' },
  'gcc-i686-linux-gnu': { evidence: 'i686-linux-gnu-gcc' },
  'libc6-dev-i386-cross': { evidence: '/usr/i686-linux-gnu/include/stdio.h' },
  'firefox-esr': { evidence: 'firefox-esr', variable: 'TABHYVE_FIREFOX' },
  gcc: { evidence: 'gcc' },
  'libc6-dev': { evidence: '/usr/include/stdio.h' },
} satisfies Record<string, HostTool>;

export type HostToolName = keyof typeof hostTools;

/** What guest/ needs to verify and assemble images. */
export const imageTools: readonly HostToolName[] = ['debian-archive-keyring', 'e2fsprogs', 'gpgv'];

/** What `npm run bench` alone needs: to build programs for its peers, and another browser. */
const benchTools: readonly HostToolName[] = [
  ...(['gcc-i686-linux-gnu', 'libc6-dev-i386-cross', 'gcc', 'libc6-dev'] as const),
  'firefox-esr',
];

/** What `npm test` needs: everything else. */
export const testTools = (Object.keys(hostTools) as HostToolName[]).filter((name) => !benchTools.includes(name));

/** A tool is missing and could not be installed; the message says what to do. */
export class MissingHostTool extends Error {}

/** How to run apt-get: directly, through sudo, or not at all. */
export type AptAccess = readonly string[] | 'not-permitted' | 'not-debian';

/**
 * Installs through apt what is missing of the named tools; returns at once when nothing is.
 * @throws MissingHostTool naming the one command or variable that helps
 */
export function ensureHostTools(names: readonly HostToolName[], log: (line: string) => void): void {
  const missing = names.filter((name) => findHostTool(name) === undefined);
  if (missing.length === 0) return;
  for (const name of missing) {
    const { variable }: HostTool = hostTools[name];
    const value = variable === undefined ? undefined : process.env[variable];
    if (value !== undefined) throw new MissingHostTool(`${variable} names ${value}, which cannot be executed.`);
  }

  const apt = findApt();
  if (typeof apt === 'string') throw new MissingHostTool(adviceFor(missing, apt));
  log(`Installing from Debian: ${missing.join(', ')} …`);
  const failure = install(apt, missing);
  const left = names.filter((name) => findHostTool(name) === undefined);
  if (left.length > 0) throw new MissingHostTool(`${failure}${adviceFor(left, 'not-permitted')}`);
}

/** The path of a tool: the variable that names it, else where it is found, else undefined. */
export function findHostTool(name: HostToolName): string | undefined {
  const { evidence, variable }: HostTool = hostTools[name];
  const named = variable === undefined ? undefined : process.env[variable];
  if (named !== undefined) return isExecutable(named) ? named : undefined;
  if (isAbsolute(evidence)) return existsSync(evidence) ? evidence : undefined;
  // mke2fs lies in a folder that Debian puts on root's PATH alone.
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders.map((folder) => join(folder, evidence)).find(isExecutable);
}

/** What a person is told who has to install the tools: one command, or on another system one thing at a time. */
export function adviceFor(missing: readonly HostToolName[], access: 'not-permitted' | 'not-debian'): string {
  if (access === 'not-permitted') return `Run this once: sudo apt-get install -y ${missing.join(' ')}`;
  const [first] = missing as [HostToolName];
  const { evidence, variable }: HostTool = hostTools[first];
  const where = isAbsolute(evidence) ? `The file ${evidence} is missing` : `The command ${evidence} is missing`;
  const remedy = variable === undefined ? 'install it' : `install it, or set ${variable} to its path`;
  return `${where}: ${remedy}. (Debian has it in the package ${first}.)`;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function findApt(): AptAccess {
  const apt = '/usr/bin/apt-get';
  if (!isExecutable(apt)) return 'not-debian';
  if (process.getuid?.() === 0) return [apt];
  return spawnSync('sudo', ['-n', 'true']).status === 0 ? ['sudo', '-n', apt] : 'not-permitted';
}

/** Returns what apt said if it failed, in whole lines, else an empty string. */
function install(apt: readonly string[], packages: readonly string[]): string {
  const [command, ...prefix] = apt as [string, ...string[]];
  const run = (...args: string[]): { ok: boolean; said: string } => {
    const options = ['-qq', '-y', '-o', 'Acquire::Retries=3', '-o', 'DPkg::Lock::Timeout=900'];
    const { status, stderr, error } = spawnSync(command, [...prefix, ...options, ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
    return { ok: status === 0, said: error?.message ?? stderr.trim() };
  };
  const updated = run('update');
  const installed = run('install', '--no-install-recommends', ...packages);
  return installed.ok
    ? ''
    : `apt-get failed: ${[updated.said, installed.said].filter((said) => said !== '').join('\n')}`;
}
