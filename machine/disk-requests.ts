/** Counts what a guest asks of a disk. */
import type { BlockBackend } from '../devices/block/backend.ts';

export interface DiskRequests {
  reads: number;
  readBytes: number;
  writes: number;
  writtenBytes: number;
  flushes: number;
  /** With write-zeroes that may free space. */
  discards: number;
  discardedBytes: number;
}

/** The same disk, and the counts of the requests to it. */
export function countRequests(disk: BlockBackend): { backend: BlockBackend; requests: DiskRequests } {
  const requests: DiskRequests = {
    ...{ reads: 0, readBytes: 0, writes: 0, writtenBytes: 0, flushes: 0, discards: 0, discardedBytes: 0 },
  };
  const discarded = (length: number): void => {
    requests.discards++;
    requests.discardedBytes += length;
  };
  const backend: BlockBackend = {
    get geometry() {
      return disk.geometry;
    },
    read: (offset, target) => {
      requests.reads++;
      requests.readBytes += target.length;
      return disk.read(offset, target);
    },
    write: (offset, data) => {
      requests.writes++;
      requests.writtenBytes += data.length;
      return disk.write(offset, data);
    },
    flush: () => {
      requests.flushes++;
      return disk.flush();
    },
    discard: (offset, length) => {
      discarded(length);
      return disk.discard(offset, length);
    },
    writeZeroes: (offset, length, mayUnmap) => {
      if (mayUnmap) discarded(length);
      return disk.writeZeroes(offset, length, mayUnmap);
    },
    usage: () => disk.usage(),
    close: () => disk.close(),
  };
  return { backend, requests };
}
