/** `tabhyve images`: makes the images of the default machine. */
import {
  createRenderer,
  ImageError,
  prepareImages,
  type ImageErrorCode,
  type Images,
  type PrepareOptions,
} from '../guest/index.ts';
import { describeOptions, readOptions, type Option } from './command-line.ts';
import { ensureHostTools, imageTools } from './tasks/host-tools.ts';

const options: readonly Option[] = [
  {
    long: '--json',
    help: 'prints {"kernel","initrd","root","cmdline"} on stdout: paths, and the kernel\'s command line',
  },
  { long: '--help', help: 'prints this text' },
];

export const imagesUsage = `Usage: tabhyve images [--json]

Makes the kernel, the initial file system and the disk of the default machine from Debian's packages, and keeps them.
What is there already is not made again. Progress goes to stderr.

Options:
${describeOptions(options)}

Environment:
  TABHYVE_CACHE          where downloads and images are kept (default: tabhyve in the user's cache folder)
  TABHYVE_DEBIAN_MIRROR  where Debian is fetched from (default: what apt is configured for)
`;

/** Runs the command; returns its exit status. Throws BadUsage, ImageError. */
export async function images(args: readonly string[], signal: AbortSignal): Promise<number> {
  const given = readOptions('images', options, args);
  if (given.has('--help')) {
    process.stdout.write(imagesUsage);
    return 0;
  }
  const renderer = createRenderer(process.stderr);
  let made: Images;
  try {
    made = await obtainImages({ ...renderer, signal });
  } finally {
    renderer.end();
  }
  const { kernel, initrd, root, cmdline } = made;
  if (given.has('--json')) process.stdout.write(`${JSON.stringify({ kernel, initrd, root, cmdline })}\n`);
  else process.stdout.write(`kernel   ${kernel}\ninitrd   ${initrd}\nroot     ${root}\ncmdline  ${cmdline}\n`);
  return 0;
}

/** What apt can mend. */
const MISSING: readonly ImageErrorCode[] = ['no-tool', 'no-keyring'];

/** The images; programs that make them are installed when one turns out to be missing. */
export async function obtainImages(options: PrepareOptions): Promise<Images> {
  try {
    return await prepareImages(options);
  } catch (error) {
    if (!(error instanceof ImageError && MISSING.includes(error.code))) throw error;
    ensureHostTools(imageTools, options.log);
    return prepareImages(options);
  }
}
