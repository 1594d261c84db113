import { pack } from 'tar-stream';

/** An `ar` archive of members. */
export function makeAr(members: Readonly<Record<string, Uint8Array>>): Buffer {
  const chunks = [Buffer.from('!<arch>\n')];
  for (const [name, data] of Object.entries(members)) {
    const header = `${name.padEnd(16)}${'0'.padEnd(12)}${'0'.padEnd(6)}${'0'.padEnd(6)}${'100644'.padEnd(8)}`;
    chunks.push(Buffer.from(`${header}${String(data.length).padEnd(10)}\`\n`), Buffer.from(data));
    if (data.length % 2 === 1) chunks.push(Buffer.from('\n'));
  }
  return Buffer.concat(chunks);
}

export interface TarEntry {
  readonly name: string;
  readonly type?: 'file' | 'directory' | 'symlink' | 'link' | 'block-device';
  readonly linkname?: string;
  readonly mode?: number;
  readonly gid?: number;
  readonly data?: string;
}

/** A .deb with the given files, whose data.tar is not compressed. */
export async function makeDeb(entries: readonly TarEntry[]): Promise<Buffer> {
  const tar = pack();
  for (const { data = '', ...header } of entries) tar.entry(header, data);
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(chunk as Buffer);
  return makeAr({
    'debian-binary': Buffer.from('2.0\n'),
    'control.tar': new Uint8Array(),
    'data.tar': Buffer.concat(chunks),
  });
}
