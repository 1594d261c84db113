/** Gathers what a run needs: files, or the default machine's images. */
import { createRenderer, type Images } from '../../guest/index.ts';
import { BlockError, openFileDisk, type CountedDisk, type FileDisk } from '../../machine/disks.node.ts';
import { obtainImages } from '../images.ts';
import { readNamed } from './files.ts';
import type { RunOptions } from './options.ts';
import type { RunnerOptions } from './runner.ts';

export interface Prepared {
  readonly guest: RunnerOptions['guest'];
  readonly disks: readonly CountedDisk[];
}

/** Longer scripts do not fit into the device tree. */
const SCRIPT_MAX = 1 << 20;

/** Throws errors whose message is for a person. */
export async function prepareRun(
  options: RunOptions,
  warn: (line: string) => void,
  signal: AbortSignal,
): Promise<Prepared> {
  const { firmware } = options;
  const images = options.kernel === undefined ? await defaultImages(signal) : undefined;
  const kernel = await readNamed(options.kernel ?? images?.kernel ?? '', 'kernel');
  const initrdPath = options.initrd ?? images?.initrd;
  const initrd = initrdPath === undefined ? undefined : await readNamed(initrdPath, 'initial file system');
  const chosen = await scripts(options);
  const guest = {
    kernel,
    ...(initrd !== undefined && { initrd }),
    cmdline: commandLine(options, images),
    compile: options.compile,
    chosen,
    firmware: typeof firmware === 'string' ? firmware : await readNamed(firmware.path, 'firmware'),
  };
  const root: FileDisk[] = images === undefined ? [] : [{ path: images.root, throwAway: true }];
  return { guest, disks: await openAll([...root, ...options.disks], warn) };
}

function commandLine({ append }: RunOptions, images: Images | undefined): string {
  if (images === undefined) return append ?? '';
  return append === undefined ? images.cmdline : `${images.cmdline} ${append}`;
}

/** What the default machine runs, see guest/rootfs/usr/sbin/init. */
async function scripts({ exec, script }: RunOptions): Promise<Record<string, string>> {
  if (exec !== undefined) return { 'tabhyve,exec': text(exec, '--exec') };
  if (script === undefined) return {};
  return { 'tabhyve,run': text((await readNamed(script, 'script')).toString('utf8'), '--script') };
}

function text(script: string, option: string): string {
  if (script.length <= SCRIPT_MAX) return `${script}\n`;
  throw new BlockError('range', `${option} takes at most ${SCRIPT_MAX} characters: put longer scripts on a disk`);
}

async function defaultImages(signal: AbortSignal): Promise<Images> {
  const renderer = createRenderer(process.stderr);
  try {
    return await obtainImages({ ...renderer, signal, publish: false });
  } finally {
    renderer.end();
  }
}

/** Opens all disks, or none. */
async function openAll(disks: readonly FileDisk[], warn: (line: string) => void): Promise<CountedDisk[]> {
  const opened: CountedDisk[] = [];
  try {
    for (const [i, disk] of disks.entries()) opened.push(await openFileDisk(disk, `disk${i}`, warn));
    return opened;
  } catch (error) {
    await Promise.allSettled(opened.map(({ backend }) => backend.close()));
    throw error;
  }
}
