import { useId, useState } from 'react';
import type { DiskEntry } from '../../machine/api-disks.ts';
import type { DiskFigures } from '../../machine/api.ts';
import { Icon } from '../parts/Icon.tsx';
import { formatBytes, formatMany } from '../units.ts';
import { DiskForm, type DiskAction } from './DiskForm.tsx';
import type { DiskWork } from './disk-work.ts';
import { nameOfDisk } from './names.ts';

interface Props {
  readonly disk: DiskEntry;
  readonly work: DiskWork;
  /** What the running machine tells of it, if it has it open. */
  readonly figures: DiskFigures | undefined;
  /** The machine starts from it. */
  readonly isChosen: boolean;
  /** Other work goes on. */
  readonly isBusy: boolean;
  readonly isShown: boolean;
  /** The person's file that it lies over, if it does and they have given it. */
  readonly base: Blob | undefined;
  readonly onShow: () => void;
  readonly onUse: () => void;
  /** It was deleted. */
  readonly onGone: () => void;
}

const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' });
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

/** What it lies over, for a person. */
function baseOf({ baseUrl, baseFile }: DiskEntry): string | undefined {
  if (baseFile !== undefined) return `your file ${baseFile}`;
  return baseUrl === undefined ? undefined : `the image ${new URL(baseUrl).pathname.split('/').at(-1) ?? ''}`;
}

/** A disk in a line; unfolded, all that is known of it, and what can be done with it. */
export function DiskItem(props: Props) {
  const { disk, work, figures, isChosen, isBusy, isShown, base, onShow, onUse, onGone } = props;
  const [action, setAction] = useState<DiskAction>();
  const id = useId();
  const name = nameOfDisk(disk);
  const inUse = figures !== undefined;
  const lies = baseOf(disk);
  const needsFile = disk.baseFile !== undefined;
  const button = (name: DiskAction, label: string, inUseToo = false): React.JSX.Element => (
    <button
      type="button"
      className="button"
      aria-expanded={action === name}
      disabled={isBusy || (inUse && !inUseToo)}
      onClick={() => setAction(action === name ? undefined : name)}
    >
      {label}
    </button>
  );

  return (
    <li className="disk" data-shown={isShown}>
      <button type="button" className="disk-line" aria-expanded={isShown} aria-controls={id} onClick={onShow}>
        <Icon name="disk" />
        <span className="disk-name">
          {name}
          <small>
            {formatBytes(disk.size)}
            {lies !== undefined && `, over ${lies}`}, {day.format(disk.created)}
          </small>
        </span>
        {inUse && <span className="badge badge-live">In use</span>}
        {isChosen && <span className="badge">The machine’s</span>}
        <Icon name={isShown ? 'up' : 'down'} />
      </button>
      {isShown && (
        <div id={id} className="disk-more" role="group" aria-label={name}>
          <dl className="disk-facts">
            <dt>Size</dt>
            <dd>{formatBytes(disk.size)}</dd>
            {figures && (
              <>
                <dt>Occupies</dt>
                <dd>
                  {formatBytes(figures.allocatedBytes)}, {formatMany(figures.allocatedChunks, 'chunk')}
                </dd>
              </>
            )}
            <dt>Kept in</dt>
            <dd>{disk.store === 'opfs' ? 'a file of the browser' : 'the browser’s database'}</dd>
            <dt>Lies over</dt>
            <dd>{lies ?? 'nothing: it is whole'}</dd>
            <dt>Made</dt>
            <dd>{moment.format(disk.created)}</dd>
          </dl>
          {inUse && <p className="hint">A machine has it open. Power the machine off to do more with it.</p>}
          {needsFile && (
            <p className="hint">
              It is nothing without its file: choose {disk.baseFile} under Files to start from it or to export it.
            </p>
          )}
          <div className="disk-actions">
            {!needsFile && (
              <button type="button" className="button" disabled={isChosen} onClick={onUse}>
                {isChosen ? 'The machine starts from it' : 'Start from it'}
              </button>
            )}
            {button('export', 'Export…')}
            {button('delete', 'Delete…')}
          </div>
          {action !== undefined && !isBusy && (
            <DiskForm
              action={action}
              disk={disk}
              work={work}
              base={base}
              onGone={onGone}
              onClose={() => setAction(undefined)}
            />
          )}
        </div>
      )}
    </li>
  );
}
