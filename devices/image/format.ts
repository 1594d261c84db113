/** Which format an image file is in, by its content. */

import { ImageError } from './errors.ts';
import { readPadded, type ImageSource } from './source.ts';

export type ImageFormat = 'raw' | 'qcow2' | 'gzip' | 'zstd';

interface Magic {
  readonly at: number;
  readonly bytes: readonly number[];
}

const text = (word: string, at = 0): Magic => ({ at, bytes: [...word].map((letter) => letter.charCodeAt(0)) });

const FORMATS: readonly (readonly [format: ImageFormat, magic: Magic])[] = [
  ['qcow2', text('QFI\xfb')],
  ['gzip', { at: 0, bytes: [0x1f, 0x8b, 8] }],
  ['zstd', { at: 0, bytes: [0x28, 0xb5, 0x2f, 0xfd] }],
];

/** What would be taken for a raw image, although it is none. */
const OTHERS: readonly (readonly [what: string, command: string, magic: Magic])[] = [
  ['a VMDK image', 'qemu-img convert -O qcow2', text('KDMV')],
  ['a VHDX image', 'qemu-img convert -O qcow2', text('vhdxfile')],
  ['a VHD image', 'qemu-img convert -O qcow2', text('conectix')],
  ['a QED image', 'qemu-img convert -O qcow2', text('QED\0')],
  ['a VDI image', 'qemu-img convert -O qcow2', { at: 0x40, bytes: [0x7f, 0x10, 0xda, 0xbe] }],
  ['compressed by xz', 'xz --decompress --keep', { at: 0, bytes: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0] }],
  ['compressed by bzip2', 'bzip2 --decompress --keep', text('BZh')],
  ['compressed by lz4', 'lz4 -d', { at: 0, bytes: [0x04, 0x22, 0x4d, 0x18] }],
];

/** Bytes of the beginning that are looked at. */
const HEAD = 512;

/** Tells the format; what has no magic is raw. Rejects with ImageError for formats that are not read here. */
export async function detectFormat(source: ImageSource): Promise<ImageFormat> {
  const head = await readPadded(source, 0, HEAD);
  const matches = ({ at, bytes }: Magic): boolean => bytes.every((byte, i) => head[at + i] === byte);
  const found = FORMATS.find(([, magic]) => matches(magic));
  if (found !== undefined) return found[0];
  const other = OTHERS.find(([, , magic]) => matches(magic));
  if (other === undefined) return 'raw';
  const [what, command] = other;
  const example = command.startsWith('qemu-img') ? `${command} ${source.name} new.qcow2` : `${command} ${source.name}`;
  throw new ImageError('format', `${source.name} is ${what}, which is not read here. Convert it first: ${example}`);
}
