/**
 * A disk on the command line: its file, and what may stand behind it, in the words of bhyve_config(5), "Block Device
 * Settings".
 */
import type { FileDisk } from '../../machine/disks.node.ts';
import { BadUsage } from '../bad-usage.ts';

type Traits = Omit<FileDisk, 'path'>;

const WORDS: Readonly<Record<string, Traits>> = {
  ro: { readOnly: true },
  rw: {},
  nocache: { noCache: true },
  nodelete: { discards: false },
  sync: { writeThrough: true },
  direct: { writeThrough: true },
};

export const DISK_VALUE = 'FILE[,OPTION...]';
const SECTOR_SIZES = 'sectorsize=LOGICAL[/PHYSICAL]';
const OPTIONS = `ro, nocache, nodelete, sync (or direct) and ${SECTOR_SIZES}`;

/** For the usage text. */
export const diskOptionsHelp = `OPTIONs: ro;
nocache, past the host's cache (Linux);
nodelete, the guest cannot give space back;
sync or direct, each write is on the host's disk before the guest goes on;
${SECTOR_SIZES}, in bytes (default: 512/4096; one number is both)`;

/** Reads the value of `option`, such as `--disk`. A file's name ends at the first comma. Throws {@link BadUsage}. */
export function readDisk(text: string, option: string): FileDisk {
  const [path, ...words] = text.split(',');
  if (path === '') throw new BadUsage(`${option} takes a file: ${option} ${DISK_VALUE}`);
  return words.reduce<FileDisk>((disk, word) => ({ ...disk, ...trait(word, path) }), { path });
}

function trait(word: string, path: string): Traits {
  if (Object.hasOwn(WORDS, word)) return WORDS[word];
  const [key, value] = word.split(/=(.*)/s);
  if (key === 'sectorsize') return { sectorSize: sectorSize(value ?? '', path) };
  throw new BadUsage(
    `disk ${path}: "${word}" is no option of a disk; there are ${OPTIONS}; a file's name ends at a comma`,
  );
}

function sectorSize(text: string, path: string): NonNullable<Traits['sectorSize']> {
  const [, first, second = first] = /^(\d+)(?:\/(\d+))?$/.exec(text) ?? [];
  const [logical, physical] = [Number(first), Number(second)];
  if (isSectorSize(logical) && isSectorSize(physical) && logical <= physical) return { logical, physical };
  const rule = 'powers of two from 512 to 4096, the logical size not above the physical one, such as 512/4096';
  throw new BadUsage(`disk ${path}: ${SECTOR_SIZES} takes ${rule}, not "${text}"`);
}

function isSectorSize(bytes: number): boolean {
  return bytes >= 512 && bytes <= 4096 && Number.isInteger(Math.log2(bytes));
}
