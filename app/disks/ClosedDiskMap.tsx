import { useEffect, useState } from 'react';
import type { DiskEntry } from '../../machine/api-disks.ts';
import type { DiskMap } from '../../machine/api.ts';
import { DiskMapView } from '../disk-map/DiskMapView.tsx';
import type { Host } from '../machine/host.ts';

interface Props {
  readonly host: Host;
  readonly disk: DiskEntry;
  /** For a person. */
  readonly name: string;
  /** The person's file that it lies over, if it does and they have given it. */
  readonly base: Blob | undefined;
}

/** The map of a disk that the page's machine does not have; nothing where the image that it lies over cannot be reached. */
export function ClosedDiskMap({ host, disk, name, base }: Props) {
  const [cells, setCells] = useState(0);
  const [map, setMap] = useState<DiskMap>();
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    if (cells === 0) return;
    let gone = false;
    host.disks.map(disk.id, cells, base).then(
      (found) => gone || setMap(found),
      () => gone || setFailed(true),
    );
    return () => {
      gone = true;
    };
    // The entry is another one whenever the disks were looked at again.
  }, [host, disk, cells, base]);
  if (failed) return null;
  return <DiskMapView map={map} label={`Map of ${name}`} onRoom={setCells} />;
}
