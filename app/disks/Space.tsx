import { useState } from 'react';
import type { StorageEstimate } from '../../machine/api-disks.ts';
import { formatBytes } from '../units.ts';

interface Props {
  readonly estimate: StorageEstimate;
  /** The browser agreed to keep the disks. */
  readonly onKept: () => void;
}

/** What this site occupies, what it may, and whether the browser may clear it. */
export function Space({ estimate: { usage, quota, persistent }, onKept }: Props) {
  const [refused, setRefused] = useState(false);
  const keep = async (): Promise<void> => {
    const granted = await navigator.storage.persist();
    setRefused(!granted);
    if (granted) onKept();
  };
  return (
    <section className="space" aria-label="Space">
      {quota > 0 && (
        <>
          <p>
            <strong>{formatBytes(usage)}</strong> of the {formatBytes(quota)} that the browser allows this site
          </p>
          <meter className="meter" aria-label="Space that this site occupies" max={quota} value={usage} />
        </>
      )}
      {persistent && <p className="hint">The browser keeps it until you clear it.</p>}
      {!persistent && (
        <p className="hint">
          {refused
            ? 'The browser did not agree: it clears a site that was not used for long when space is short. Export what matters.'
            : 'The browser may clear it when space is short.'}{' '}
          {!refused && (
            <button type="button" className="link-button" onClick={() => void keep()}>
              Ask it to keep the disks
            </button>
          )}
        </p>
      )}
    </section>
  );
}
