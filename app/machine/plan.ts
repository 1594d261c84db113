/** Puts together what the machine is started with: settings or a link, the site's images, and a person's own files. */

import type { DiskSpec, ImageSource, MachineSpec } from '../../machine/api.ts';
import { digest, encodeBase64url } from '../link/base64url.ts';
import { diskIdOf, type LinkedMachine } from '../link/link.ts';
import { CMDLINE_LIMIT, faultOfCmdline, GiB, MiB, type MachineSettings } from '../settings/settings.ts';
import type { DefaultImages } from './images.ts';

/** A file of the person's, and its name. */
export interface OwnFile {
  readonly blob: Blob & { readonly lastModified?: number };
  readonly name: string;
}

/** What a person gave instead of the site's images. */
export interface OwnFiles {
  readonly kernel?: OwnFile;
  readonly initrd?: OwnFile;
  readonly disk?: OwnFile;
  readonly firmware?: OwnFile;
  /** `none` starts the kernel in machine mode, on bare metal. */
  readonly mode: 'sbi' | 'none';
  /** Keeps what is written to the disk file in the browser; else it is forgotten with the machine. */
  readonly keepChanges: boolean;
}

export const noFiles: OwnFiles = { mode: 'sbi', keepChanges: false };

export interface Plan {
  readonly settings: MachineSettings;
  readonly files: OwnFiles;
  readonly link?: LinkedMachine;
  /** Whether the link's script is to run. */
  readonly runScript: boolean;
  readonly images?: DefaultImages;
  /** The page's URL, which a link's images are relative to. */
  readonly page: string;
}

/** A machine that cannot be started as it was asked for. The message says what to change. */
export class PlanError extends Error {
  override readonly name = 'PlanError';
}

export const DEFAULT_DISK = 'default';
/** The empty disk of a kernel of one's own. */
export const SCRATCH_DISK = 'scratch';

const blob = ({ blob, name }: OwnFile): ImageSource => ({ kind: 'blob', blob, name });
const url = (address: string, page: string): ImageSource => ({ kind: 'url', url: new URL(address, page).href });

/** The word that hands a script to the guest's init. */
export function scriptWord(script: string): string {
  return `tabhyve.run=${encodeBase64url(new TextEncoder().encode(script))}`;
}

/** True when a kernel runs that is not the site's own, so that neither its initramfs nor its disk belong to it. */
const isForeign = ({ link, files }: Plan): boolean => (link ? link.kernel !== undefined : files.kernel !== undefined);

/** The command line before a script is added to it: the person's or the link's, or what suits the images. */
export function cmdlineOf(plan: Plan): string {
  const { link, settings, files, images } = plan;
  const whole = link ? link.cmdline : settings.cmdline;
  if (whole !== undefined) return whole;
  const hasRoot = link ? link.root !== undefined : files.disk !== undefined || settings.disk !== undefined;
  const own = hasRoot ? 'console=hvc0 root=/dev/vda rw' : 'console=hvc0';
  const suited = isForeign(plan) ? own : (images?.cmdline ?? '');
  return link?.additions ? `${suited} ${link.additions}`.trimStart() : suited;
}

/** Bytes of the command line that a script leaves free; negative when it does not fit. */
export function roomFor(script: string, cmdline: string): number {
  const word = script === '' ? '' : ` ${scriptWord(script)}`;
  return CMDLINE_LIMIT - cmdline.length - word.length;
}

function finalCmdline(plan: Plan): string {
  const cmdline = cmdlineOf(plan);
  const fault = faultOfCmdline(cmdline);
  if (fault !== undefined) throw new PlanError(`The command line ${fault}. Shorten it in the settings.`);
  const script = plan.link && plan.runScript ? (plan.link.script ?? '') : '';
  if (script === '') return cmdline;
  const over = -roomFor(script, cmdline);
  if (over > 0) {
    throw new PlanError(
      `The link's script is too long: with the command line it takes ${CMDLINE_LIMIT + over} bytes, and a riscv64 ` +
        `kernel takes ${CMDLINE_LIMIT}. Start without the script, or ask for a shorter one.`,
    );
  }
  return `${cmdline} ${scriptWord(script)}`.trimStart();
}

async function disksOf(plan: Plan): Promise<DiskSpec[]> {
  const { link, files, images, settings, page } = plan;
  const size = (link ?? settings).diskGiB * GiB;
  const store = settings.store && { store: settings.store };
  if (link) {
    const base = link.root !== undefined ? new URL(link.root, page).href : isForeign(plan) ? undefined : images?.root;
    return [{ kind: 'store', id: await diskIdOf(link), size, ...store, ...(base !== undefined && { base }) }];
  }
  if (files.disk) {
    const { blob: file, name } = files.disk;
    if (!files.keepChanges) return [{ kind: 'file', file, name }];
    const overlayId = `file-${await digest(`${name}\0${file.size}\0${file.lastModified ?? 0}`)}`;
    return [{ kind: 'file', file, name, overlayId, ...store }];
  }
  const base = images?.root !== undefined && { base: images.root };
  if (settings.disk) return [{ kind: 'store', id: settings.disk.id, size, ...base, mustExist: true }];
  if (isForeign(plan)) return [{ kind: 'store', id: SCRATCH_DISK, size, ...store }];
  return [{ kind: 'store', id: DEFAULT_DISK, size, ...store, ...base }];
}

/** Makes the machine's description. Rejects with a {@link PlanError}. */
export async function specOf(plan: Plan, console: MachineSpec['console']): Promise<MachineSpec> {
  const { link, files, images, settings, page } = plan;
  const foreign = isForeign(plan);
  const given = link
    ? { kernel: link.kernel && url(link.kernel, page), initrd: link.initrd && url(link.initrd, page) }
    : { kernel: files.kernel && blob(files.kernel), initrd: files.initrd && blob(files.initrd) };
  const kernel = given.kernel || images?.kernel;
  const initrd = given.initrd || (foreign ? undefined : images?.initrd);
  if (!kernel && !files.firmware) {
    throw new PlanError('This site has no guest images, so the machine needs a kernel of your own.');
  }
  const { memoryMiB, cpus } = link ?? settings;
  return {
    cpus,
    memorySize: memoryMiB * MiB,
    firmware: link ? 'sbi' : files.firmware ? blob(files.firmware) : foreign ? files.mode : 'sbi',
    ...(kernel && { kernel }),
    ...(initrd && { initrd }),
    cmdline: finalCmdline(plan),
    disks: await disksOf(plan),
    console,
  };
}

/** The same machine; it starts when no other one writes to its disks. */
export function whenFree(spec: MachineSpec): MachineSpec {
  return { ...spec, disks: spec.disks.map((disk) => (disk.kind === 'memory' ? disk : { ...disk, wait: true })) };
}

/**
 * The same machine; it only reads its disks, to which another one writes meanwhile. Linux may not even replay the journal of its
 * root file system then.
 */
export function onlyReading(spec: MachineSpec): MachineSpec {
  return {
    ...spec,
    cmdline: `${spec.cmdline} ro rootflags=noload`.trimStart(),
    disks: spec.disks.map((disk) => (disk.kind === 'memory' ? disk : { ...disk, readOnly: true })),
  };
}
