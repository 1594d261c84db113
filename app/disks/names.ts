/** What disks are called, and the files that they come from and go to. */

import type { DiskEntry, ImageFormat } from '../../machine/api-disks.ts';
import { DEFAULT_DISK, SCRATCH_DISK } from '../machine/plan.ts';
import { LONGEST_NAME } from '../settings/settings.ts';

/** What a disk is called: by the person, or else by what it is for. */
export function nameOfDisk({ id, name, baseFile }: Pick<DiskEntry, 'id' | 'name' | 'baseFile'>): string {
  if (id.startsWith('file-') && (name === id || name === baseFile)) return `Changes to ${baseFile ?? 'a disk file'}`;
  if (name !== id) return name;
  if (id === DEFAULT_DISK) return 'The default machine';
  if (id === SCRATCH_DISK) return 'Kernels of your own';
  if (id.startsWith('link-')) return `A linked machine (${id.slice(5, 13)})`;
  return name;
}

/** What a disk lies over, for a person; undefined if it is whole. `page` is the page's URL. */
export function nameOfBase(disk: DiskEntry, all: readonly DiskEntry[], page: string): string | undefined {
  if (disk.over !== undefined) {
    const lower = all.find(({ id }) => id === disk.over);
    return lower ? `“${nameOfDisk(lower)}”` : 'a disk that is gone';
  }
  if (disk.baseFile !== undefined) return `your file ${disk.baseFile}`;
  if (disk.baseUrl === undefined) return undefined;
  const { origin, host } = new URL(disk.baseUrl, page);
  return origin === new URL(page).origin ? 'an image of this site' : `an image of ${host}`;
}

const ENDINGS = /(\.(img|raw|bin|iso|qcow2?|gz|zst|zstd))+$/i;

/** What a disk is called that is made of a file. */
export function nameOfImport(fileName: string): string {
  return fileName.replace(ENDINGS, '').slice(0, LONGEST_NAME) || 'Imported disk';
}

/** Where a disk can be kept. */
export const stores = [
  ['indexeddb', "The browser's database"],
  ['opfs', 'A file of the browser'],
] as const;

export const formats = [
  ['qcow2', 'qcow2'],
  ['raw', 'raw'],
  ['gzip', 'raw, by gzip'],
  ['zstd', 'raw, by zstd'],
] as const satisfies readonly (readonly [ImageFormat, string])[];

const endings: Record<ImageFormat, string> = { qcow2: 'qcow2', raw: 'img', gzip: 'img.gz', zstd: 'img.zst' };

/** The name of a file that a disk is exported to, without characters that file systems refuse. */
export function nameOfExport(disk: string, format: ImageFormat): string {
  const name = disk.replace(/[^\p{L}\p{N}_.-]+/gu, '-').replace(/^[.-]+|[.-]+$/g, '');
  return `${name || 'disk'}.${endings[format]}`;
}
