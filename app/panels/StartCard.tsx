import type { ReactNode } from 'react';
import type { SessionState } from '../machine/session.ts';
import { Icon } from '../parts/Icon.tsx';
import { wordFor } from '../parts/StatusPill.tsx';
import { Progress } from './Progress.tsx';

interface Props {
  readonly state: SessionState;
  /** Why nothing can be started, if so. */
  readonly obstacle: string | undefined;
  readonly onStart: () => void;
  readonly onCancel: () => void;
  /** Offered when the machine's disk is what keeps it from starting. */
  readonly onErase: (() => void) | undefined;
  /** What the machine is, before it was started for the first time. */
  readonly children: ReactNode;
}

const isAboutDisk = (failure: string | undefined): boolean => /delete the disk/i.test(failure ?? '');

/** Over the console while no machine runs: what can be started, how far loading is, or how the machine ended. */
export function StartCard({ state, obstacle, onStart, onCancel, onErase, children }: Props) {
  const { status, failure, progress, spec } = state;
  if (status.state === 'running' || status.state === 'paused') return null;

  if (status.state === 'loading') {
    return (
      <div className="start-card" aria-busy="true">
        <h1>Loading the machine</h1>
        <Progress spec={spec} stages={progress} />
        <div className="start-actions">
          <button type="button" className="button" onClick={onCancel}>
            Cancel
          </button>
        </div>
      </div>
    );
  }

  const problem = failure ?? obstacle;
  const first = spec === undefined || (failure !== undefined && status.state === 'off');
  return (
    <div className={first ? 'start-card' : 'start-card start-card-low'}>
      {first ? (
        children
      ) : (
        <>
          <h1>{wordFor(status)}</h1>
          <p>{status.reason ?? (status.state === 'off' ? 'The machine is off. Its disk is kept.' : '')}</p>
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
