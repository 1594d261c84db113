import type { OwnFile } from '../machine/plan.ts';
import { HEAD_SIZE, identify, type Identity } from './identify.ts';

/** A person's file, and what it is. */
export interface ReadFile extends OwnFile {
  readonly identity: Identity;
}

/** What the beginning of a file in gzip unpacks to, as far as it goes; undefined of any other. */
async function unpacked(head: Uint8Array<ArrayBuffer>): Promise<Uint8Array | undefined> {
  if (head[0] !== 0x1f || head[1] !== 0x8b) return undefined;
  const reader = new Blob([head]).stream().pipeThrough(new DecompressionStream('gzip')).getReader();
  try {
    return (await reader.read()).value;
  } catch {
    return undefined;
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** Looks at the beginning of each file. One that cannot be read says so as its fault. */
export function readFiles(files: readonly File[]): Promise<ReadFile[]> {
  return Promise.all(
    files.map(async (blob): Promise<ReadFile> => {
      const { name } = blob;
      try {
        const head = new Uint8Array(await blob.slice(0, HEAD_SIZE).arrayBuffer());
        return { blob, name, identity: identify({ head, size: blob.size, name, inner: await unpacked(head) }) };
      } catch {
        const fault = 'It cannot be read: it is a folder, or was moved or changed. Choose it again.';
        return { blob, name, identity: { role: 'disk', what: 'unreadable', fault } };
      }
    }),
  );
}
