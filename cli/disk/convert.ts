/** `tabhyve disk convert`. */
import { stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { openImage, writeImage, type ImageFormat, type ImageProgress } from '../../devices/image/index.ts';
import { openFileSource } from '../../devices/image/source.node.ts';
import { writeFileWhole } from '../../devices/image/file-sink.node.ts';
import { BadUsage } from '../bad-usage.ts';
import { describeOptions, readOptions, type Given, type Option } from '../command-line.ts';
import { sizeText } from './size-text.ts';

const FORMATS: readonly ImageFormat[] = ['raw', 'qcow2', 'gzip', 'zstd'];

const ENDINGS: Readonly<Record<string, ImageFormat>> = {
  '.img': 'raw',
  '.raw': 'raw',
  '.qcow2': 'qcow2',
  '.gz': 'gzip',
  '.zst': 'zstd',
};

const options: readonly Option[] = [
  { long: '--to', value: FORMATS.join('|'), help: `the format of OUT, if its name does not say it` },
  { long: '--force', help: 'replaces OUT if it is there' },
  { long: '--help', help: 'prints this text' },
];

export const convertUsage = `Usage: tabhyve disk convert IN OUT [--to FORMAT] [--force]

Writes the disk in the image IN to OUT. What is zero becomes a hole in a raw image, and nothing in qcow2; gzip and zstd
compress a raw image. OUT appears when it is whole and durable. The format of IN shows by its content, that of OUT by
its name: .img and .raw, .qcow2, .gz, .zst.

Options:
${describeOptions(options)}
`;

/** Runs the command; returns its exit status. Throws BadUsage, ImageError, or the signal's reason. */
export async function convert(args: readonly string[], signal: AbortSignal): Promise<number> {
  const given = readOptions('disk convert', options, args, ['IN', 'OUT']);
  if (given.has('--help')) {
    process.stdout.write(convertUsage);
    return 0;
  }
  const [from, to] = given.operands;
  const format = formatOf(given, to);
  const source = await openFileSource(from);
  const progress = new Progress();
  try {
    if (await isSameFile(from, to)) throw new BadUsage(`${from} and ${to} are the same file: name another one`);
    const image = await openImage(source);
    for (const warning of image.warnings) process.stderr.write(`tabhyve: ${warning}\n`);
    const extents = writeImage(image, { format, signal, onProgress: (state) => progress.show(state) });
    await writeFileWhole(to, extents, given.has('--force'));
  } finally {
    progress.end();
    await source.close();
  }
  return 0;
}

function formatOf(given: Given, to: string): ImageFormat {
  const named = given.value('--to');
  const format = named === undefined ? ENDINGS[extname(to)] : FORMATS.find((format) => format === named);
  if (format !== undefined) return format;
  const choice = `--to ${FORMATS.join('|')}`;
  if (named !== undefined) throw new BadUsage(`--to ${named}: it takes one of ${FORMATS.join(', ')}`);
  throw new BadUsage(
    `the name ${to} does not say its format: end it in ${Object.keys(ENDINGS).join(', ')}, or give ${choice}`,
  );
}

async function isSameFile(a: string, b: string): Promise<boolean> {
  const [first, second] = await Promise.all([a, b].map((path) => stat(path).catch(() => undefined)));
  return first !== undefined && second !== undefined && first.dev === second.dev && first.ino === second.ino;
}

/** Milliseconds between two pictures. */
const PERIOD = 200;

/** One line on stderr, if that is a terminal. */
class Progress {
  #shown = 0;

  show({ step, done, total }: ImageProgress): void {
    if (!process.stderr.isTTY || performance.now() - this.#shown < PERIOD) return;
    this.#shown = performance.now();
    const share =
      total === undefined || total === 0 ? '' : ` of ${sizeText(total)}, ${Math.floor((100 * done) / total)} %`;
    process.stderr.write(`\r\x1b[K${step === 'looking' ? 'looking for data' : 'writing'}: ${sizeText(done)}${share}`);
  }

  end(): void {
    if (this.#shown > 0) process.stderr.write('\r\x1b[K');
  }
}
