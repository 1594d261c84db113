import { useSyncExternalStore, type ReactNode } from 'react';
import type { DiskFigures } from '../../machine/api.ts';
import { DiskMapView } from '../disk-map/DiskMapView.tsx';
import { useWatchedDisks } from '../disk-map/hooks.ts';
import { MapCounts } from '../disk-map/MapCounts.tsx';
import type { Session, SessionState } from '../machine/session.ts';
import { Sparkline } from '../parts/Sparkline.tsx';
import { formatBytes, formatCount, formatMany, formatShare } from '../units.ts';

/** A minute of samples. */
const LENGTH = 240;
const MiB = 2 ** 20;
/** What stands where a figure will be. */
const NONE = '–';

interface CardProps {
  readonly title: string;
  readonly value: string;
  readonly unit: string;
  readonly className?: string;
  readonly children: ReactNode;
}

function Card({ title, value, unit, className = 'card', children }: CardProps) {
  return (
    <section className={className} aria-label={title}>
      <h2>{title}</h2>
      <p className="figure">
        <span className="figure-value">{value}</span> <span className="figure-unit">{unit}</span>
      </p>
      {children}
    </section>
  );
}

function Meter({ share, label }: { readonly share: number; readonly label: string }) {
  return (
    <div
      className="meter"
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(share * 100)}
    >
      <span style={{ transform: `scaleX(${Math.min(1, Math.max(0, share))})` }} />
    </div>
  );
}

const split = (text: string): [string, string] => text.split(' ') as [string, string];

interface DiskCardProps {
  readonly session: Session;
  /** Which of the machine's disks. */
  readonly index: number;
  readonly disk: DiskFigures | undefined;
  /** From 1 on, where there are several. */
  readonly number: number | undefined;
  /** Bytes that all disks occupy. */
  readonly samples: readonly number[];
  readonly onRoom: (cells: number) => void;
}

function DiskCard({ session, index, disk, number, samples, onRoom }: DiskCardProps) {
  const live = useSyncExternalStore(session.maps.subscribe, () => session.maps.get(index));
  const [value, unit] = disk ? split(formatBytes(disk.allocatedBytes)) : [NONE, ''];
  const size = disk ? `of ${formatBytes(disk.size)} ` : '';
  const [title, label] = number ? [`Disk ${number}`, `Map of disk ${number}`] : ['Disk', 'Map of the disk'];
  return (
    <Card className="card card-disk" title={title} value={value} unit={`${unit} ${size}allocated`}>
      {number === undefined && <Sparkline values={samples} length={LENGTH} least={MiB} zoomed />}
      <DiskMapView map={live?.map} activity={live?.activity} label={label} onRoom={onRoom} />
      <MapCounts map={live?.map} requests={disk?.requests} />
    </Card>
  );
}

/** What the machine does and occupies, live. */
export function Figures({ session, state }: { readonly session: Session; readonly state: SessionState }) {
  const setCells = useWatchedDisks(session);
  const { figures, samples, spec } = state;
  const memorySize = figures?.memorySize ?? spec?.memorySize;
  const ofMemory = memorySize === undefined ? '' : `of ${formatBytes(memorySize)} `;
  const [touched, touchedUnit] = figures ? split(formatBytes(figures.memoryTouched)) : [NONE, ''];
  // There is a place for the first one before there is a machine.
  const disks = figures?.disks ?? [];
  const places = disks.length > 0 || figures ? disks : [undefined];
  const cpus = spec ? formatMany(spec.cpus, 'processor') : 'Processors';
  return (
    <div className="figures">
      <Card title={cpus} value={figures ? formatCount(figures.mips) : NONE} unit="M instructions/s">
        <Sparkline values={samples.map(({ mips }) => mips)} length={LENGTH} least={100} />
        <dl>
          <dt>Busy</dt>
          <dd>{figures ? formatShare(figures.busy) : NONE}</dd>
          <dt>Instructions so far</dt>
          <dd>{figures ? `${formatCount(figures.instructions / 1e6)} M` : NONE}</dd>
        </dl>
      </Card>
      <Card title="Memory" value={touched} unit={`${touchedUnit} ${ofMemory}touched`}>
        <Meter share={figures ? figures.memoryTouched / figures.memorySize : 0} label="Memory touched" />
      </Card>
      {places.map((disk, index) => (
        <DiskCard
          key={index}
          session={session}
          index={index}
          disk={disk}
          number={places.length > 1 ? index + 1 : undefined}
          samples={samples.map(({ allocatedBytes }) => allocatedBytes)}
          onRoom={setCells}
        />
      ))}
    </div>
  );
}

/** The same in one line, for narrow windows. */
export function FiguresLine({ state }: { readonly state: SessionState }) {
  const { figures } = state;
  const disk = figures?.disks[0];
  return (
    <p className="figures-line">
      <span>{figures ? formatCount(figures.mips) : NONE} M/s</span>
      <span>{figures ? formatBytes(figures.memoryTouched) : NONE} RAM</span>
      <span>
        {disk ? `${formatBytes(disk.allocatedBytes)}, ${formatMany(disk.allocatedChunks, 'chunk')}` : `${NONE} disk`}
      </span>
    </p>
  );
}
