/** Compressed clusters of qcow2: QEMU, docs/interop/qcow2.rst, "Compressed Clusters Descriptor". */

import { inflateSync } from 'fflate';
import { loadZstdDecoder, zstdFrameLength } from '../zstd.ts';
import type { CompressionType } from './header.ts';

/**
 * Unpacks what begins with a compressed cluster, and may go on with anything. The result has another length than a
 * cluster, or is undefined, if that is what it holds.
 */
export type Inflate = (bytes: Uint8Array) => Uint8Array | undefined;

/** Loads what unpacks clusters of this size, in bytes. */
export async function loadInflate(type: CompressionType, clusterSize: number): Promise<Inflate> {
  return type === 'zstd' ? loadZstd(clusterSize) : deflate(clusterSize);
}

function deflate(clusterSize: number): Inflate {
  // One more, to see whether there is more.
  const out = new Uint8Array(clusterSize + 1);
  return (bytes) => {
    try {
      return inflateSync(bytes, { out }).slice();
    } catch {
      return undefined;
    }
  };
}

async function loadZstd(clusterSize: number): Promise<Inflate> {
  const decoder = await loadZstdDecoder();
  return (bytes) => {
    const length = zstdFrameLength(bytes);
    if (length === undefined) return undefined;
    try {
      return decoder.decode(bytes.subarray(0, length), clusterSize);
    } catch {
      return undefined;
    }
  };
}
