/** The snapshot table of a qcow2 image: QEMU, docs/interop/qcow2.rst, "Snapshots". */

import { damaged } from '../errors.ts';
import { readWithin, type ImageSource } from '../source.ts';
import { printable, type Qcow2Header } from './header.ts';

/** What QEMU takes, too. */
const MOST_SNAPSHOTS = 65536;
const MOST_EXTRA = 1024;

/** Of a table entry, without what has a length of its own. */
const FIXED = 40;

export interface Snapshot {
  readonly id: string;
  readonly name: string;
  readonly l1: { readonly offset: number; readonly entries: number };
}

/** The snapshots, and the bytes of their table. Rejects with ImageError. */
export async function readSnapshots(
  source: ImageSource,
  { snapshots: { count, offset }, clusterSize }: Qcow2Header,
): Promise<{ readonly snapshots: readonly Snapshot[]; readonly length: number }> {
  const snapshots: Snapshot[] = [];
  if (count === 0) return { snapshots, length: 0 };
  if (count > MOST_SNAPSHOTS) throw damaged(`${source.name} has ${count} snapshots, more than there can be.`);
  if (offset === 0 || offset % clusterSize !== 0) {
    throw damaged(`${source.name}: its snapshot table is at ${offset}, which is no boundary of clusters.`);
  }
  let at = offset;
  while (snapshots.length < count) {
    const fixed = await readWithin(source, at, FIXED, 'its snapshot table');
    const view = new DataView(fixed.buffer, fixed.byteOffset, FIXED);
    const l1 = { offset: Number(view.getBigUint64(0)), entries: view.getUint32(8) };
    const [idLength, nameLength, extra] = [view.getUint16(12), view.getUint16(14), view.getUint32(36)];
    if (extra > MOST_EXTRA) throw damaged(`${source.name}: a snapshot has ${extra} bytes of extra data.`);
    const names = await readWithin(source, at + FIXED + extra, idLength + nameLength, 'its snapshot table');
    snapshots.push({
      id: printable(names.subarray(0, idLength)),
      name: printable(names.subarray(idLength)),
      l1,
    });
    at += Math.ceil((FIXED + extra + idLength + nameLength) / 8) * 8;
  }
  return { snapshots, length: at - offset };
}
