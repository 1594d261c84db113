/** Writes a disk of the store to a file, in any format that `devices/image/` writes. */

import { writeImage, type ImageFormat } from '../../image/index.ts';
import { Progress, type Proceed } from '../manage/progress.ts';
import type { StoreBackend } from '../store-backend.ts';
import { diskImage } from './disk-image.ts';
import { writeExtents, type FileSink } from './sink.ts';

/**
 * Writes the whole disk, over its base. Nobody may write to the disk meanwhile. When it fails, or is called off, nothing is
 * left of the file. Progress is in bytes of the disk, which is read twice for qcow2. Returns the size of the file.
 * Rejects with ImageError, BlockError, or an `AbortError`.
 */
export async function exportDisk(
  disk: StoreBackend,
  sink: FileSink,
  { format, proceed }: { readonly format: ImageFormat; readonly proceed: Proceed },
): Promise<number> {
  const { size } = disk.geometry;
  const progress = new Progress(proceed, format === 'qcow2' ? 2 * size : size);
  let [passes, last] = [0, 0];
  const step = (done: number): Promise<void> => {
    if (done < last) passes++;
    last = done;
    return progress.reach(passes * size + done);
  };
  try {
    await progress.advance(0);
    const written = await writeExtents(writeImage(diskImage(disk, step), { format }), sink);
    await progress.finish();
    await sink.finish(written);
    return written;
  } catch (error) {
    await sink.abandon().catch(() => undefined);
    throw error;
  }
}
