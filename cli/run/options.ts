/** The options of `tabhyve run`, and what they mean. */
import { MAX_HARTS, MAX_RAM } from '../../machine/limits.ts';
import type { FileDisk } from '../../machine/disks.node.ts';
import { BadUsage } from '../bad-usage.ts';
import { readOptions, type Given, type Option } from '../command-line.ts';
import { DISK_VALUE, diskOptionsHelp, readDisk } from './disk-option.ts';
import { parseSeconds, parseSize, parseWhole } from '../size.ts';

export interface RunOptions {
  /** Path of the kernel; without one it is the default machine. */
  readonly kernel: string | undefined;
  readonly initrd: string | undefined;
  /** The kernel's command line, or what is added to the default machine's. */
  readonly append: string | undefined;
  readonly firmware: 'sbi' | 'none' | { readonly path: string };
  /** Bytes. */
  readonly memory: number;
  readonly cpus: number;
  readonly disks: readonly FileDisk[];
  /** A shell script to run instead of the shells. */
  readonly exec: string | undefined;
  /** Path of a shell script to run in the first shell. */
  readonly script: string | undefined;
  readonly columns: number | undefined;
  readonly rows: number | undefined;
  /** Seconds. */
  readonly timeout: number | undefined;
  readonly reboot: boolean;
  /** Path of a file to write figures to. */
  readonly compile: boolean;
  readonly stats: string | undefined;
  readonly verbose: boolean;
}

export const runOptions: readonly Option[] = [
  {
    long: '--kernel',
    value: 'FILE',
    help: 'a Linux Image or an ELF file, or with --firmware none any binary for the start of RAM;\nwithout it the default machine runs, on a copy of its disk that is thrown away',
  },
  { long: '--initrd', value: 'FILE', help: 'the initial file system' },
  {
    long: '--append',
    value: 'WORDS',
    help: "the kernel's command line; for the default machine, words to add to its own",
  },
  {
    long: '--firmware',
    value: 'sbi|none|FILE',
    help: 'what runs in M-mode: the built-in SBI (default), the kernel file itself, or a firmware such\nas OpenSBI',
  },
  { long: '--memory', short: '-m', value: 'SIZE', help: 'RAM, such as 512M (default) or 2G; a bare number counts MiB' },
  { long: '--cpus', short: '-c', value: 'NUMBER', help: `processors, 1 (default) to ${MAX_HARTS}` },
  {
    long: '--disk',
    value: DISK_VALUE,
    help: `a raw disk image, written in place; may be given several times\n${diskOptionsHelp}`,
  },
  {
    long: '--slot',
    short: '-s',
    value: `SLOT,virtio-blk,${DISK_VALUE}`,
    help: "the same in bhyve's words; SLOT gives the order",
  },
  {
    long: '--exec',
    value: 'COMMAND',
    help: 'runs one shell command in the default machine instead of the shell: prints its output and\nnothing else, and ends with its status',
  },
  {
    long: '--script',
    value: 'FILE',
    help: 'runs a shell script in the first shell of the default machine, before its prompt',
  },
  { long: '--columns', value: 'NUMBER', help: "size of the console (default: the terminal's, or 80 by 24)" },
  { long: '--rows', value: 'NUMBER', help: 'the same, its lines' },
  { long: '--timeout', value: 'SECONDS', help: 'ends the machine when it has run so long, with status 124' },
  {
    long: '--no-reboot',
    help: 'ends with status 0 when the guest reboots in good order, instead of starting it again',
  },
  { long: '--no-compile', help: 'interprets everything, and compiles no hot code: slower, for comparison' },
  { long: '--stats', value: 'FILE', help: 'writes figures of the run there, as JSON' },
  { long: '--verbose', help: 'prints on stderr what the guest does wrong with its devices' },
  { long: '--help', help: 'prints this text' },
];

/** Reads the arguments behind `run`. Throws {@link BadUsage}. */
export function readRunOptions(args: readonly string[]): RunOptions | 'help' {
  const given = readOptions('run', runOptions, args);
  if (given.has('--help')) return 'help';
  const kernel = given.value('--kernel');
  const options: RunOptions = {
    kernel,
    initrd: given.value('--initrd'),
    append: given.value('--append'),
    firmware: firmware(given.value('--firmware') ?? 'sbi'),
    memory: memory(given.value('--memory') ?? '512M'),
    cpus: parseWhole(given.value('--cpus') ?? '1', '--cpus', 1, MAX_HARTS),
    disks: disks(given),
    exec: given.value('--exec'),
    script: given.value('--script'),
    columns: length(given, '--columns'),
    rows: length(given, '--rows'),
    timeout: given.has('--timeout') ? parseSeconds(given.value('--timeout') ?? '', '--timeout') : undefined,
    reboot: !given.has('--no-reboot'),
    compile: !given.has('--no-compile'),
    stats: given.value('--stats'),
    verbose: given.has('--verbose'),
  };
  checkTogether(options);
  return options;
}

function checkTogether({ kernel, exec, script, firmware, disks }: RunOptions): void {
  if (kernel !== undefined && exec !== undefined) {
    throw new BadUsage('--exec runs a command in the default machine: leave out --kernel');
  }
  if (kernel !== undefined && script !== undefined) {
    throw new BadUsage('--script runs in the default machine: leave out --kernel');
  }
  if (exec !== undefined && script !== undefined) throw new BadUsage('give --exec or --script, not both');
  if (kernel === undefined && firmware === 'none') {
    throw new BadUsage('--firmware none needs --kernel FILE, the program to run in M-mode');
  }
  const paths = disks.map(({ path }) => path);
  const twice = paths.find((path, i) => paths.indexOf(path) !== i);
  if (twice !== undefined && disks.some(({ path, readOnly }) => path === twice && readOnly !== true)) {
    throw new BadUsage(`${twice} is given as two disks, which would damage it: give it once, or each time with ,ro`);
  }
}

function firmware(text: string): RunOptions['firmware'] {
  return text === 'sbi' || text === 'none' ? text : { path: text };
}

const MEMORY_STEP = 2 ** 21;

function memory(text: string): number {
  const bytes = parseSize(text, '--memory');
  if (bytes <= MAX_RAM && bytes % MEMORY_STEP === 0) return bytes;
  throw new BadUsage(`--memory takes 2M to ${MAX_RAM / 2 ** 20}M in steps of 2M, not "${text}"`);
}

function length(given: Given, option: string): number | undefined {
  const text = given.value(option);
  return text === undefined ? undefined : parseWhole(text, option, 1, 65535);
}

/** Disks as given by --disk, then those of -s in the order of their slots. */
function disks(given: Given): FileDisk[] {
  const slots = given.all('--slot').map(slot);
  slots.sort((a, b) => a.slot - b.slot);
  return [...given.all('--disk').map((text) => readDisk(text, '--disk')), ...slots.map((each) => each.disk)];
}

function slot(text: string): { slot: number; disk: FileDisk } {
  const [, number, device, rest] = /^(\d+)(?:[:,]\d+)*,([^,]+)(?:,(.*))?$/.exec(text) ?? [];
  if (device !== undefined && device !== 'virtio-blk') {
    const there = 'a console and an entropy device are always there';
    throw new BadUsage(`-s ${text}: the devices to choose from are virtio-blk; ${there}`);
  }
  if (number === undefined || rest === undefined) {
    throw new BadUsage(`-s takes SLOT,virtio-blk,${DISK_VALUE}, not "${text}"`);
  }
  return { slot: Number(number), disk: readDisk(rest, '-s SLOT,virtio-blk,') };
}
