import type { OwnFile } from '../machine/plan.ts';
import { HEAD_SIZE, identify, type Identity } from './identify.ts';

/** A person's file, and what it is. */
export interface ReadFile extends OwnFile {
  readonly identity: Identity;
}

/** Looks at the beginning of each file. One that cannot be read says so as its fault. */
export function readFiles(files: readonly File[]): Promise<ReadFile[]> {
  return Promise.all(
    files.map(async (blob): Promise<ReadFile> => {
      const { name } = blob;
      try {
        const head = new Uint8Array(await blob.slice(0, HEAD_SIZE).arrayBuffer());
        return { blob, name, identity: identify(head, blob.size) };
      } catch {
        const fault = 'It cannot be read: it is a folder, or was moved or changed. Choose it again.';
        return { blob, name, identity: { role: 'disk', what: 'unreadable', fault } };
      }
    }),
  );
}
