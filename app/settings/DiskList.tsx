import { useCallback, useEffect, useState } from 'react';
import type { DiskEntry, StorageEstimate } from '../../machine/api-disks.ts';
import type { Host } from '../machine/host.ts';
import { DEFAULT_DISK, SCRATCH_DISK } from '../machine/plan.ts';
import { Icon } from '../parts/Icon.tsx';
import { formatBytes } from '../units.ts';

interface Props {
  readonly host: Host;
  readonly usedDisk: string | undefined;
}

interface Stored {
  readonly disks: readonly DiskEntry[];
  readonly estimate: StorageEstimate;
}

/** What a disk is for, by its id. */
export function nameOfDisk({ id, name }: Pick<DiskEntry, 'id' | 'name'>): string {
  if (id === DEFAULT_DISK) return 'The default machine';
  if (id === SCRATCH_DISK) return 'Kernels of your own';
  if (id.startsWith('link-')) return `A linked machine (${id.slice(5, 13)})`;
  if (id.startsWith('file-')) return 'Changes to a disk file';
  return name;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The disks that this browser keeps, and what they may occupy. */
export function DiskList({ host, usedDisk }: Props) {
  const [stored, setStored] = useState<Stored>();
  const [failure, setFailure] = useState<string>();
  const [asked, setAsked] = useState<string>();

  const load = useCallback(async (): Promise<void> => {
    try {
      const [disks, estimate] = await Promise.all([host.disks.list(), host.estimate()]);
      setStored({ disks, estimate });
    } catch (error) {
      setFailure(messageOf(error));
    }
  }, [host]);
  useEffect(() => {
    // The state changes when the worker has answered, not in the effect itself.
    // eslint-disable-next-line react-hooks/set-state-in-effect
    void load();
  }, [load]);

  const erase = async (id: string): Promise<void> => {
    setAsked(undefined);
    setFailure(undefined);
    try {
      await host.disks.delete(id);
    } catch (error) {
      setFailure(messageOf(error));
    }
    await load();
  };
  const keep = async (): Promise<void> => {
    const granted = await navigator.storage.persist();
    if (!granted)
      setFailure('The browser did not agree. It clears a site that was not used for long when space is short.');
    await load();
  };

  return (
    <fieldset>
      <legend>Disks in this browser</legend>
      {stored?.disks.length === 0 && <p className="hint">None yet. The first start makes one.</p>}
      <ul className="disks">
        {stored?.disks.map((disk) => (
          <li key={disk.id}>
            <span>
              {nameOfDisk(disk)}
              <small>
                {formatBytes(disk.size)}, made on {new Date(disk.created).toLocaleDateString()}
              </small>
            </span>
            {asked === disk.id ? (
              <span className="disks-confirm" role="group" aria-label={`Erase ${nameOfDisk(disk)}?`}>
                All that is on it will be gone.
                <button type="button" className="button" onClick={() => setAsked(undefined)}>
                  Keep
                </button>
                <button type="button" className="button button-danger" autoFocus onClick={() => void erase(disk.id)}>
                  Erase
                </button>
              </span>
            ) : (
              <button
                type="button"
                className="button"
                disabled={disk.id === usedDisk}
                title={disk.id === usedDisk ? 'In use: power the machine off first' : undefined}
                onClick={() => setAsked(disk.id)}
              >
                <Icon name="trash" />
                Erase…
              </button>
            )}
          </li>
        ))}
      </ul>
      {failure !== undefined && (
        <p className="problem" role="alert">
          <Icon name="warning" />
          <span>{failure}</span>
        </p>
      )}
      {stored && stored.estimate.quota > 0 && (
        <p className="hint">
          This site occupies {formatBytes(stored.estimate.usage)} of the {formatBytes(stored.estimate.quota)} that the
          browser allows. {stored.estimate.persistent && 'The browser keeps it until you clear it.'}
        </p>
      )}
      {stored?.estimate.persistent === false && (
        <button type="button" className="button" onClick={() => void keep()}>
          Ask the browser to keep the disks
        </button>
      )}
    </fieldset>
  );
}
