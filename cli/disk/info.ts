/** `tabhyve disk info`. */
import { imageInfo, type ImageInfo } from '../../devices/image/index.ts';
import { openFileSource } from '../../devices/image/source.node.ts';
import { describeOptions, readOptions, type Option } from '../command-line.ts';
import { sizeText } from './size-text.ts';

const options: readonly Option[] = [
  { long: '--json', help: 'prints JSON on stdout; all sizes are in bytes' },
  { long: '--help', help: 'prints this text' },
];

export const infoUsage = `Usage: tabhyve disk info FILE [--json]

Says what a disk image is: its format, the size of the disk in it, and what the file occupies. A compressed image is
decompressed to its end, to know its size.

Options:
${describeOptions(options)}
`;

/** Runs the command; returns its exit status. Throws BadUsage, ImageError. */
export async function info(args: readonly string[], signal: AbortSignal): Promise<number> {
  const given = readOptions('disk info', options, args, ['FILE']);
  if (given.has('--help')) {
    process.stdout.write(infoUsage);
    return 0;
  }
  const source = await openFileSource(given.operands[0]);
  try {
    const image = await imageInfo(source, signal);
    const all = { file: source.name, ...image, allocated: source.allocated };
    process.stdout.write(given.has('--json') ? `${JSON.stringify(all, undefined, 2)}\n` : describe(all));
  } finally {
    await source.close();
  }
  return 0;
}

function describe(image: ImageInfo & { readonly file: string; readonly allocated: number }): string {
  const { qcow2, unreadable } = image;
  const state = [qcow2?.dirty === true ? 'not closed in good order' : '', qcow2?.corrupt === true ? 'corrupt' : ''];
  const snapshots = qcow2?.snapshots ?? [];
  const rows: readonly (readonly [name: string, value: string | undefined])[] = [
    ['file', image.file],
    ['format', qcow2 === null ? image.format : `${image.format}, version ${qcow2.version}`],
    ['virtual size', both(image.virtualSize)],
    ['file size', both(image.fileSize)],
    ['allocated', both(image.allocated)],
    ['cluster size', qcow2 === null ? undefined : both(qcow2.clusterSize)],
    ['compression', qcow2 === null ? undefined : `${qcow2.compression}, where clusters are compressed`],
    ['encryption', qcow2?.encryption ?? undefined],
    ['backing file', qcow2?.backingFile ?? undefined],
    ['snapshots', snapshots.length === 0 ? undefined : snapshots.map(({ id, name }) => `${name} (${id})`).join(', ')],
    ['state', state.filter((text) => text !== '').join(', ') || undefined],
    ['unreadable', unreadable ?? undefined],
  ];
  const width = 14;
  return rows.flatMap(([name, value]) => (value === undefined ? [] : [`${name.padEnd(width)}${value}\n`])).join('');
}

function both(bytes: number): string {
  return bytes < 1024 ? sizeText(bytes) : `${sizeText(bytes)} (${bytes} bytes)`;
}
