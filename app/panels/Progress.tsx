import type { LoadProgress, MachineSpec } from '../../machine/api.ts';
import { formatBytes } from '../units.ts';

const names: Record<LoadProgress['stage'], string> = {
  kernel: 'Kernel',
  initrd: 'Initial file system',
  disk: 'Disk',
  machine: 'Machine',
};

function amount({ done, total }: LoadProgress): string {
  if (total > 0 && done >= total) return `${formatBytes(total)}, fetched`;
  if (total > 0) return `${formatBytes(done)} of ${formatBytes(total)}`;
  return done > 0 ? formatBytes(done) : '';
}

interface Props {
  readonly spec: MachineSpec | undefined;
  readonly stages: readonly LoadProgress[];
}

/** What is fetched and unpacked before the first instruction, stage by stage. Those to come have their place already. */
export function Progress({ spec, stages }: Props) {
  const expected = (['kernel', 'initrd'] as const).filter((stage) => spec?.[stage] !== undefined);
  const begun = new Set(stages.map(({ stage }) => stage));
  const all = [...new Set([...expected, ...begun])].map(
    (stage) => stages.find((each) => each.stage === stage) ?? { stage, done: 0, total: 0 },
  );
  const waits = spec?.disks.some((disk) => disk.kind !== 'memory' && disk.wait === true) ?? false;
  const last = waits ? 'Wait for the disk, and start' : 'Unpack and start';
  const isFetched = all.length > 0 && all.every(({ done, total }) => total > 0 && done >= total);
  return (
    <ol className="progress" aria-label="Boot progress">
      {all.map((stage) => (
        <li key={stage.stage} data-begun={begun.has(stage.stage)}>
          <span>{names[stage.stage]}</span>
          <span className="progress-amount">{amount(stage)}</span>
          <progress
            aria-label={names[stage.stage]}
            max={1}
            value={stage.total > 0 ? stage.done / stage.total : begun.has(stage.stage) ? undefined : 0}
          />
        </li>
      ))}
      <li data-begun={isFetched}>
        <span>{last}</span>
        <span />
        <progress aria-label={last} max={1} value={isFetched ? undefined : 0} />
      </li>
    </ol>
  );
}
