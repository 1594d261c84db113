import { Decompress } from 'fzstd';
import { createRequire } from 'node:module';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { ImageError } from './errors.ts';

// A CommonJS module whose exports Node cannot see by their names.
const { XzReadableStream } = createRequire(import.meta.url)('xz-decompress') as typeof import('xz-decompress');

/** The bytes of `data`, decompressed as the ending of its name says: .xz, .zst, .gz, or none of them. */
export function decompress(name: string, data: Uint8Array): Readable {
  if (name.endsWith('.xz')) return Readable.from(xz(data), { objectMode: false });
  if (name.endsWith('.zst')) return Readable.from(zstd(data), { objectMode: false });
  if (name.endsWith('.gz')) return Readable.from([data]).pipe(createGunzip());
  if (/\.(tar|ko)$/.test(name)) return Readable.from([data], { objectMode: false });
  throw new ImageError('bad-archive', `A package holds ${name}, whose compression is not known here.`);
}

/** Like {@link decompress}, all at once. */
export async function decompressAll(name: string, data: Uint8Array): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of decompress(name, data)) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

const STEP = 1 << 18;

async function* xz(data: Uint8Array): AsyncGenerator<Uint8Array> {
  let at = 0;
  const compressed = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (at >= data.length) return controller.close();
      controller.enqueue(data.subarray(at, at + STEP));
      at += STEP;
    },
  });
  const reader = new XzReadableStream(compressed).getReader();
  try {
    for (let idle = 0; idle < 100;) {
      const { value, done } = await reader.read();
      if (done) return;
      idle = value.length === 0 ? idle + 1 : 0;
      // A view into the decoder's memory, which the next read overwrites.
      yield value.slice();
    }
    throw new ImageError('bad-archive', 'A compressed file ends too early.');
  } finally {
    // The library decodes one stream at a time, for the whole process: one that is left halfway would block all others.
    await reader.cancel();
  }
}

function* zstd(data: Uint8Array): Generator<Uint8Array> {
  const ready: Uint8Array[] = [];
  const decoder = new Decompress((chunk) => ready.push(chunk));
  for (let at = 0; at < data.length; at += STEP) {
    decoder.push(data.subarray(at, at + STEP), at + STEP >= data.length);
    yield* ready.splice(0);
  }
}
