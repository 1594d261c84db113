/** `tabhyve disk check`. */
import { checkQcow2, detectFormat, imageInfo, openImage, type ImageSource } from '../../devices/image/index.ts';
import { openFileSource } from '../../devices/image/source.node.ts';
import { describeOptions, readOptions, type Option } from '../command-line.ts';

const options: readonly Option[] = [
  { long: '--json', help: 'prints JSON on stdout' },
  { long: '--help', help: 'prints this text' },
];

export const checkUsage = `Usage: tabhyve disk check FILE [--json]

Looks for damage, and changes nothing. In a qcow2 image, reference counts are compared with what refers to clusters,
and then the whole disk is read, as it is in a compressed image. A raw image has nothing that could be wrong.

Options:
${describeOptions(options)}

Exit status:
  0        nothing was found
  1        the image is damaged, leaks space, or cannot be read
  2        the command line is wrong
`;

interface Found {
  readonly errors: number;
  readonly leaks: number;
  readonly messages: readonly string[];
}

/** Runs the command; returns its exit status. Throws BadUsage, ImageError. */
export async function check(args: readonly string[], signal: AbortSignal): Promise<number> {
  const given = readOptions('disk check', options, args, ['FILE']);
  if (given.has('--help')) {
    process.stdout.write(checkUsage);
    return 0;
  }
  const source = await openFileSource(given.operands[0]);
  try {
    const found = await look(source, signal);
    if (given.has('--json')) process.stdout.write(`${JSON.stringify(found, undefined, 2)}\n`);
    else process.stdout.write(describe(source.name, found));
    return found.errors + found.leaks === 0 ? 0 : 1;
  } finally {
    await source.close();
  }
}

async function look(source: ImageSource, signal: AbortSignal): Promise<Found> {
  const format = await detectFormat(source);
  if (format !== 'qcow2') {
    if (format !== 'raw') await readThrough(source, signal);
    return { errors: 0, leaks: 0, messages: [] };
  }
  const found = await checkQcow2(source);
  // What is known to be damaged need not be readable.
  if (found.errors > 0) return found;
  const { unreadable } = await imageInfo(source);
  if (unreadable !== null) return { ...found, messages: [...found.messages, `The disk was not read: ${unreadable}`] };
  await readThrough(source, signal);
  return found;
}

async function readThrough(source: ImageSource, signal: AbortSignal): Promise<void> {
  for await (const _extent of (await openImage(source)).extents()) signal.throwIfAborted();
}

function describe(name: string, { errors, leaks, messages }: Found): string {
  const lines = messages.map((message) => `${message}\n`).join('');
  if (errors + leaks === 0) return `${lines}${name}: nothing is wrong.\n`;
  const more = errors + leaks > messages.length ? `${errors + leaks - messages.length} more were found.\n` : '';
  const advice = `To repair a copy of it: qemu-img check -r ${errors > 0 ? 'all' : 'leaks'} COPY`;
  return `${lines}${more}${name}: ${counted(errors, 'error')}, ${counted(leaks, 'leaked cluster')}. ${advice}\n`;
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;
