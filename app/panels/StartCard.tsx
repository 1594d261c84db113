import type { ReactNode } from 'react';
import type { SessionState } from '../machine/session.ts';
import { Icon } from '../parts/Icon.tsx';
import { wordFor } from '../parts/StatusPill.tsx';
import { Progress } from './Progress.tsx';

interface Props {
  readonly state: SessionState;
  /** True when what would be started has not been started yet, and so has to be shown first. */
  readonly isNew: boolean;
  /** Why nothing can be started, if so. */
  readonly obstacle: string | undefined;
  readonly onStart: () => void;
  readonly onCancel: () => void;
  /** Offered when the machine's disk is what keeps it from starting. */
  readonly onErase: (() => void) | undefined;
  /** Offered when another tab uses that disk: to start when it is free, or to read it only. */
  readonly onWait: () => void;
  readonly onRead: () => void;
  /** What the machine is, before it was started for the first time. */
  readonly children: ReactNode;
}

const isInUse = (failure: string | undefined): boolean => /^The disk .* is in use/.test(failure ?? '');
const isAboutDisk = (failure: string | undefined): boolean => /delete the disk/i.test(failure ?? '');

/** Over the console while no machine runs: what can be started, how far loading is, or how the machine ended. */
export function StartCard(props: Props) {
  const { state, isNew, obstacle, onStart, onCancel, onErase, onWait, onRead, children } = props;
  const { status, failure, progress, spec } = state;
  if (status.state === 'running' || status.state === 'paused') return null;

  if (status.state === 'loading') {
    return (
      <div className="start-card" aria-busy="true">
        <h2>Loading the machine</h2>
        <Progress spec={spec} stages={progress} />
        <div className="start-actions">
          <button type="button" className="button" onClick={onCancel}>
            Cancel
          </button>
        </div>
      </div>
    );
  }

  const first = isNew || (failure !== undefined && status.state === 'off');
  const problem = failure ?? (first && status.state === 'crashed' ? status.reason : undefined) ?? obstacle;
  return (
    <div className={first ? 'start-card' : 'start-card start-card-low'}>
      {first ? (
        children
      ) : (
        <>
          <h2>{wordFor(status)}</h2>
          <p>{status.reason ?? (status.state === 'off' ? 'The machine is off. Its disk is kept.' : '')}</p>
          {status.state === 'crashed' && (
            <p>
              The console’s last lines may say more. Start it again, or change what it starts with in the settings; what
              was written to its disk is kept.
            </p>
          )}
        </>
      )}
      {problem !== undefined && (
        <p className="problem" role="alert">
          <Icon name="warning" />
          <span>{problem}</span>
        </p>
      )}
      {!first && (
        <div className="start-actions">
          <button type="button" className="button button-primary" onClick={onStart} disabled={obstacle !== undefined}>
            <Icon name="start" />
            Start again
          </button>
        </div>
      )}
      {isInUse(failure) && (
        <div className="start-actions">
          <button type="button" className="button" onClick={onWait}>
            Start when it is free
          </button>
          <button type="button" className="button" onClick={onRead}>
            Only read it
          </button>
        </div>
      )}
      {onErase && isAboutDisk(failure ?? status.reason) && (
        <div className="start-actions">
          <button type="button" className="button button-danger" onClick={onErase}>
            Erase the disk…
          </button>
        </div>
      )}
    </div>
  );
}
