import type { BlockUsage, DiskEntry } from '../../machine/api-disks.ts';
import { formatBytes, formatCount, formatMany } from '../units.ts';

interface Props {
  readonly disk: DiskEntry;
  readonly usage: BlockUsage | undefined;
  /** What it lies over, for a person. */
  readonly lies: string | undefined;
}

const moment = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

/** All that is known of a disk. */
export function DiskFacts({ disk, usage, lies }: Props) {
  return (
    <dl className="disk-facts">
      <dt>Size</dt>
      <dd>{formatBytes(disk.size)}</dd>
      <dt>Occupies</dt>
      <dd>{usage ? `${formatBytes(usage.allocatedBytes)}, ${formatMany(usage.allocatedChunks, 'chunk')}` : '…'}</dd>
      {lies !== undefined && (
        <>
          <dt>Lies over</dt>
          <dd>
            {lies}
            {disk.baseUrl !== undefined && <small className="disk-url">{disk.baseUrl}</small>}
          </dd>
          <dt>Tombstones</dt>
          <dd>{usage ? formatCount(usage.tombstones) : '…'}</dd>
        </>
      )}
      <dt>Kept in</dt>
      <dd>{disk.store === 'opfs' ? 'a file of the browser' : 'the browser’s database'}</dd>
      <dt>Made</dt>
      <dd>{moment.format(disk.created)}</dd>
    </dl>
  );
}
