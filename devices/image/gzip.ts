/** gzip, RFC 1952, by the platform's own streams, which pages and Node have alike. */

import { damaged } from './errors.ts';
import type { Extent } from './extent.ts';

/** Bytes in a piece of zeroes. */
const ZEROES = new Uint8Array(1 << 16);

/** What one member of gzip holds. Rejects with ImageError, in which `name` names the file. */
export async function* unpackGzip(input: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<Uint8Array> {
  yield* through(new DecompressionStream('gzip'), input, (cause) =>
    // What the input itself says is better than what follows from it.
    cause instanceof Error && cause.name === 'ImageError'
      ? cause
      : damaged(`${name} ends too early, or does not decompress.`, { cause }),
  );
}

/** One member of gzip. */
export async function* packGzip(input: AsyncIterable<Extent>): AsyncGenerator<Uint8Array> {
  yield* through(new CompressionStream('gzip'), asBytes(input), (cause) => cause);
}

async function* asBytes(input: AsyncIterable<Extent>): AsyncGenerator<Uint8Array> {
  for await (const extent of input) {
    if (extent.kind === 'data') yield extent.bytes;
    else for (let left = extent.length; left > 0; left -= ZEROES.length) yield ZEROES.subarray(0, left);
  }
}

/** Writes `input` to one end while it reads from the other. */
async function* through(
  stream: { readonly readable: ReadableStream; readonly writable: WritableStream },
  input: AsyncIterable<Uint8Array>,
  failure: (cause: unknown) => unknown,
): AsyncGenerator<Uint8Array> {
  const writer = stream.writable.getWriter();
  const reader = (stream.readable as ReadableStream<Uint8Array>).getReader();
  const feed = async (): Promise<void> => {
    for await (const bytes of input) {
      await writer.ready;
      // It may be used again by whoever gave it.
      await writer.write(bytes.slice());
    }
    await writer.close();
  };
  let wrong: { readonly cause: unknown } | undefined;
  const fed = feed().catch(async (cause: unknown) => {
    wrong ??= { cause };
    await writer.abort(cause).catch(() => undefined);
  });
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      yield value;
    }
    await fed;
    if (wrong !== undefined) throw wrong.cause;
  } catch (cause) {
    throw failure(wrong?.cause ?? cause);
  } finally {
    await reader.cancel().catch(() => undefined);
    await fed;
  }
}
