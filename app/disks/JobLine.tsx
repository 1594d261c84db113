import { Icon } from '../parts/Icon.tsx';
import { formatBytes, formatShare } from '../units.ts';
import type { Jobs, JobsState } from './jobs.ts';

interface Props {
  readonly state: JobsState;
  readonly jobs: Jobs;
}

/** What is being done, with a way to call it off; or how the last work ended. */
export function JobLine({ state: { job, outcome }, jobs }: Props) {
  if (job) {
    const share = job.total === undefined ? undefined : job.total === 0 ? 1 : job.done / job.total;
    return (
      <div className="job" role="group" aria-label={job.title}>
        <span className="job-title">{job.cancelled ? 'Calling it off…' : `${job.title}…`}</span>
        <span className="job-amount">{share === undefined ? formatBytes(job.done) : formatShare(share)}</span>
        <button type="button" className="button" disabled={job.cancelled} onClick={() => jobs.cancel()}>
          Cancel
        </button>
        <progress aria-label={job.title} max={1} value={share} />
      </div>
    );
  }
  if (!outcome) return <p className="hint">Drop an image on this window to import it: raw, qcow2, gzip or zstd.</p>;
  const failed = outcome.kind === 'failed';
  return (
    <p className={failed ? 'outcome outcome-failed' : 'outcome'} role={failed ? 'alert' : 'status'}>
      <Icon name={failed ? 'warning' : 'check'} />
      <span>
        {outcome.message}{' '}
        {outcome.file && (
          <a href={outcome.file.url} download={outcome.file.name}>
            Download it again
          </a>
        )}
      </span>
      <button type="button" className="icon-button" aria-label="Dismiss" onClick={() => jobs.dismiss()}>
        <Icon name="close" />
      </button>
    </p>
  );
}
