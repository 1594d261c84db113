import type { DiskMap, DiskRequests } from '../../machine/api.ts';
import { formatBytes, formatCount } from '../units.ts';
import { kindNames, kinds, kindTitles, totalsOf } from './contents.ts';

interface Props {
  /** Undefined while it is not known. */
  readonly map: DiskMap | undefined;
  readonly requests?: Readonly<DiskRequests> | undefined;
}

/** What stands where a figure will be. */
const NONE = '–';

interface RowProps {
  readonly name: string;
  readonly title?: string;
  /** How it looks on the map. */
  readonly mark?: string;
  readonly count: number | undefined;
  readonly bytes: number | undefined;
  readonly figure: string;
}

function Row({ name, title, mark, count, bytes, figure }: RowProps) {
  return (
    <tr>
      <th scope="row" title={title}>
        <span className="disk-map-mark" data-mark={mark} />
        {name}
      </th>
      <td data-figure={figure}>{count === undefined ? NONE : formatCount(count)}</td>
      <td>{bytes === undefined ? '' : formatBytes(bytes)}</td>
    </tr>
  );
}

/** The legend of a map: how much of the disk is what, and how much of it the guest has read and changed. */
export function MapCounts({ map, requests }: Props) {
  const totals = map && totalsOf(map);
  return (
    <table className="disk-map-counts">
      <thead>
        <tr>
          <td />
          <th scope="col">Chunks</th>
          <th scope="col">Bytes</th>
        </tr>
      </thead>
      <tbody>
        {kinds.map((kind) => (
          <Row
            key={kind}
            name={kindNames[kind]}
            title={kindTitles[kind]}
            mark={kind}
            count={totals?.[kind]}
            bytes={totals && map && totals[kind] * map.chunkSize}
            figure={kind === 'allocated' ? 'chunks' : kind}
          />
        ))}
      </tbody>
      {requests && (
        <tbody>
          <tr>
            <td />
            <th scope="col">Requests</th>
            <th scope="col">Bytes</th>
          </tr>
          <Row name="Read" mark="read" count={requests.reads} bytes={requests.readBytes} figure="reads" />
          <Row name="Written" mark="written" count={requests.writes} bytes={requests.writtenBytes} figure="writes" />
          <Row
            name="Discarded"
            mark="discarded"
            count={requests.discards}
            bytes={requests.discardedBytes}
            figure="discards"
          />
          <Row name="Flushed" count={requests.flushes} bytes={undefined} figure="flushes" />
        </tbody>
      )}
    </table>
  );
}
