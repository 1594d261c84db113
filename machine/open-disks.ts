/** Opens the disks that a machine's description names. */
import type { BlockBackend } from '../devices/block/backend.ts';
import { blobBase } from '../devices/block/base.ts';
import { openDisk } from '../devices/block/disks.ts';
import { openHttpBase } from '../devices/block/http/http-base.ts';
import { MemoryBackend } from '../devices/block/memory.ts';
import type { DiskSpec } from './api.ts';
import type { MachineDisk } from './machine.ts';

/** Opens all of them, or none: what was opened is closed again when another fails. */
export async function openDisks(specs: readonly DiskSpec[]): Promise<MachineDisk[]> {
  const results = await Promise.allSettled(
    specs.map(async (spec, i) => ({ id: diskId(spec, i), backend: await openBackend(spec) })),
  );
  const opened = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed === undefined) return opened;
  await closeDisks(opened);
  throw failed.reason;
}

/** Closes disks, flushed; rejects with the first failure, after all were tried. */
export async function closeDisks(disks: readonly MachineDisk[]): Promise<void> {
  const results = await Promise.allSettled(disks.map(({ backend }) => backend.close()));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

function diskId(spec: DiskSpec, index: number): string {
  return spec.kind === 'store' ? spec.id : `disk${index}`;
}

async function openBackend(spec: DiskSpec): Promise<BlockBackend> {
  switch (spec.kind) {
    case 'memory':
      return new MemoryBackend({ size: spec.size });
    case 'file': {
      const base = blobBase(spec.file);
      if (spec.overlayId === undefined) return new MemoryBackend({ base, readOnly: spec.readOnly ?? false });
      const disk = await openDisk({ id: spec.overlayId, name: spec.name, base, readOnly: spec.readOnly });
      return disk.backend;
    }
    case 'store': {
      const { id, size, readOnly, base: baseUrl } = spec;
      const base = baseUrl === undefined ? undefined : await openHttpBase(baseUrl);
      const disk = await openDisk({ id, size, base, baseUrl, readOnly });
      return disk.backend;
    }
  }
}
