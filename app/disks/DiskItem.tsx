import { useId, useState } from 'react';
import type { BlockUsage, DiskEntry } from '../../machine/api-disks.ts';
import type { Host } from '../machine/host.ts';
import { Icon } from '../parts/Icon.tsx';
import { formatBytes } from '../units.ts';
import { actionsOf, labels, type DiskAction } from './actions.ts';
import { ClosedDiskMap } from './ClosedDiskMap.tsx';
import { DiskFacts } from './DiskFacts.tsx';
import { DiskForm } from './DiskForm.tsx';
import type { DiskWork } from './disk-work.ts';
import { nameOfDisk } from './names.ts';

interface Props {
  readonly host: Host;
  readonly disk: DiskEntry;
  readonly work: DiskWork;
  /** What it occupies, if that is known. */
  readonly usage: BlockUsage | undefined;
  /** What it lies over, for a person. */
  readonly lies: string | undefined;
  /** Names of those that lie over it. */
  readonly overlays: readonly string[];
  /** The name of the disk of whose changes it has a part, after an interruption. */
  readonly committing: string | undefined;
  /** The machine of this page has it open. */
  readonly isOurs: boolean;
  /** The machine starts from it. */
  readonly isChosen: boolean;
  /** Other work goes on. */
  readonly isBusy: boolean;
  readonly isShown: boolean;
  /** The person's file that it lies over, if it does and they have given it. */
  readonly base: Blob | undefined;
  readonly onShow: () => void;
  readonly onUse: () => void;
  readonly onRenamed: (name: string) => void;
  readonly onDeleted: () => void;
}

const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' });

/** Why not all can be done with it that could be done with another: whole sentences. */
function limitsOf({ use, baseFile }: DiskEntry, overlays: readonly string[], hasBase: boolean): string[] {
  return [
    ...(use === 'writing'
      ? ['A machine, in this tab or another, has it open: power that off to do more with it.']
      : []),
    ...(overlays.length > 0 ? [`It stays as it is as long as others lie over it: ${overlays.join(', ')}.`] : []),
    ...(baseFile !== undefined && !hasBase
      ? [`It is nothing without its file: choose ${baseFile} under Files to start from it or to export it.`]
      : []),
  ];
}

/** A disk in a line; unfolded, all that is known of it, and what can be done with it. */
export function DiskItem(props: Props) {
  const { disk, work, usage, lies, overlays, committing, isOurs, isChosen, isBusy, isShown, base, onShow, onUse } =
    props;
  const [action, setAction] = useState<DiskAction>();
  const id = useId();
  const name = nameOfDisk(disk);
  const { canStart, main, more } = actionsOf(disk, isOurs);
  const button = ([kind, possible]: readonly [DiskAction, boolean], className: string): React.JSX.Element => (
    <button
      key={kind}
      type="button"
      className={className}
      aria-expanded={action === kind}
      disabled={!possible}
      aria-disabled={isBusy}
      onClick={() => !isBusy && setAction(action === kind ? undefined : kind)}
    >
      {labels[kind]}
    </button>
  );

  return (
    <li className="disk" data-shown={isShown}>
      <button type="button" className="disk-line" aria-expanded={isShown} aria-controls={id} onClick={onShow}>
        <Icon name="disk" />
        <span className="disk-name">
          {name}{' '}
          <small>
            {usage && `${formatBytes(usage.allocatedBytes)} of `}
            {formatBytes(disk.size)}
            {lies !== undefined && `, over ${lies}`}, {day.format(disk.created)}
          </small>
        </span>
        {disk.use === 'writing' && <span className="badge badge-live">In use</span>}
        {isChosen && <span className="badge">The machine’s</span>}
        <Icon name={isShown ? 'up' : 'down'} />
      </button>
      {isShown && (
        <div id={id} className="disk-more" role="group" aria-label={name}>
          <DiskFacts disk={disk} usage={usage} lies={lies} />
          {!isOurs && <ClosedDiskMap host={props.host} disk={disk} name={name} base={base} />}
          {limitsOf(disk, overlays, base !== undefined).map((limit) => (
            <p className="hint" key={limit}>
              {limit}
            </p>
          ))}
          {committing !== undefined && (
            <p className="problem">
              <Icon name="warning" />
              <span>
                What was changed on {committing} was written into it in part when that was interrupted. Commit that disk
                again: nothing is lost.
              </span>
            </p>
          )}
          <div className="disk-actions">
            <button type="button" className="button" disabled={isChosen || !canStart} onClick={onUse}>
              {isChosen ? 'The machine starts from it' : 'Start from it'}
            </button>
            {main.map((each) => button(each, 'button'))}
          </div>
          <div className="disk-actions disk-actions-more">{more.map((each) => button(each, 'link-button'))}</div>
          {action !== undefined && !isBusy && (
            <DiskForm
              key={action}
              action={action}
              disk={disk}
              work={work}
              base={base}
              isOurs={isOurs}
              lies={lies}
              onRenamed={props.onRenamed}
              onDeleted={props.onDeleted}
              onClose={() => setAction(undefined)}
            />
          )}
        </div>
      )}
    </li>
  );
}
