/** Counts what a guest asks of a disk. */
import type { BlockBackend } from '../devices/block/backend.ts';
import type { DiskAction } from '../devices/block/disk-map.ts';

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

/** Is told of each request that reads or changes a range of the disk, when it is made. */
export type RequestListener = (action: DiskAction, offset: number, length: number) => void;

/** A disk whose requests are counted, and can be watched. */
export interface CountedBackend {
  readonly backend: BlockBackend;
  readonly requests: DiskRequests;
  /** Has one listener told of requests from now on; or none. */
  readonly watchRequests: (listener: RequestListener | undefined) => void;
}

/** The same disk, and the counts of the requests to it. */
export function countRequests(disk: BlockBackend): CountedBackend {
  let listener: RequestListener | undefined;
  const requests: DiskRequests = {
    ...{ reads: 0, readBytes: 0, writes: 0, writtenBytes: 0, flushes: 0, discards: 0, discardedBytes: 0 },
  };
  const discarded = (offset: number, length: number): void => {
    requests.discards++;
    requests.discardedBytes += length;
    listener?.('discarded', offset, length);
  };
  const backend: BlockBackend = {
    get geometry() {
      return disk.geometry;
    },
    read: (offset, target) => {
      requests.reads++;
      requests.readBytes += target.length;
      listener?.('read', offset, target.length);
      return disk.read(offset, target);
    },
    write: (offset, data) => {
      requests.writes++;
      requests.writtenBytes += data.length;
      listener?.('written', offset, data.length);
      return disk.write(offset, data);
    },
    flush: () => {
      requests.flushes++;
      return disk.flush();
    },
    discard: (offset, length) => {
      discarded(offset, length);
      return disk.discard(offset, length);
    },
    writeZeroes: (offset, length, mayUnmap) => {
      if (mayUnmap) discarded(offset, length);
      else listener?.('written', offset, length);
      return disk.writeZeroes(offset, length, mayUnmap);
    },
    usage: () => disk.usage(),
    close: () => disk.close(),
  };
  return { backend, requests, watchRequests: (watcher) => (listener = watcher) };
}
