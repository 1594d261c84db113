import { Icon } from '../parts/Icon.tsx';
import { formatBytes, formatShare } from '../units.ts';
import type { Job, Jobs, JobsState, Outcome } from './jobs.ts';

interface Props {
  readonly state: JobsState;
  readonly jobs: Jobs;
}

/** What is being done, with a way to call it off; or how the last work ended. */
export function JobLine({ state: { job, outcome }, jobs }: Props) {
  return (
    <>
      {job && <Progress job={job} onCancel={() => jobs.cancel()} />}
      {!job && !outcome && <p className="hint">Drop an image on this window to import it: raw, qcow2, gzip or zstd.</p>}
      <div className="outcome-place" aria-live="polite">
        {outcome && <Ended outcome={outcome} onDismiss={() => jobs.dismiss()} />}
      </div>
    </>
  );
}

function Progress({ job, onCancel }: { readonly job: Job; readonly onCancel: () => void }) {
  const { title, done, total, canCancel, cancelled } = job;
  const share = total === undefined ? undefined : total === 0 ? 1 : done / total;
  return (
    <div className="job" role="group" aria-label={title}>
      <span className="job-title">{cancelled ? 'Calling it off…' : `${title}…`}</span>
      <span className="job-amount">{share === undefined ? done > 0 && formatBytes(done) : formatShare(share)}</span>
      {canCancel && (
        <button type="button" className="button" disabled={cancelled} onClick={onCancel}>
          Cancel
        </button>
      )}
      <progress aria-label={title} max={1} value={share} />
    </div>
  );
}

function Ended({ outcome, onDismiss }: { readonly outcome: Outcome; readonly onDismiss: () => void }) {
  const failed = outcome.kind === 'failed';
  return (
    <p className={failed ? 'outcome outcome-failed' : 'outcome'} role={failed ? 'alert' : undefined}>
      <Icon name={failed ? 'warning' : 'check'} />
      <span>
        {outcome.message}{' '}
        {outcome.file && (
          <a href={outcome.file.url} download={outcome.file.name}>
            Download it again
          </a>
        )}
      </span>
      <button type="button" className="icon-button" aria-label="Dismiss" onClick={onDismiss}>
        <Icon name="close" />
      </button>
    </p>
  );
}
