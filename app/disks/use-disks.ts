import { useCallback, useEffect, useState, useSyncExternalStore } from 'react';
import type { BlockUsage, DiskEntry, StorageEstimate } from '../../machine/api-disks.ts';
import type { Host } from '../machine/host.ts';
import { messageOf, type Jobs, type JobsState } from './jobs.ts';

export interface Disks {
  /** Undefined until they are known. */
  readonly disks?: readonly DiskEntry[];
  readonly estimate?: StorageEstimate;
  /** What each occupies, by their ids; those that were not looked at yet are missing. */
  readonly usage: ReadonlyMap<string, BlockUsage>;
  /** Why they are not known. */
  readonly failure?: string;
}

/**
 * The disks of this origin, looked at again whenever work on them has ended, the machine has opened or closed disks, or
 * `reload` is called.
 */
export function useDisks(host: Host, jobs: JobsState, areOpen: boolean): readonly [Disks, reload: () => Promise<void>] {
  const [state, setState] = useState<Disks>({ usage: new Map() });
  const load = useCallback(async (): Promise<void> => {
    try {
      const [disks, estimate] = await Promise.all([host.disks.list(), host.estimate()]);
      setState(({ usage }) => ({ disks, estimate, usage }));
      for (const { id } of disks) {
        // One that is deleted meanwhile occupies nothing.
        const found = await host.disks.inspect(id).catch(() => undefined);
        if (found) setState((before) => ({ ...before, usage: new Map(before.usage).set(id, found) }));
      }
    } catch (error) {
      setState(({ usage }) => ({ failure: messageOf(error), usage }));
    }
  }, [host]);
  const isBusy = jobs.job !== undefined;
  useEffect(() => {
    if (!isBusy) void load();
  }, [load, isBusy, areOpen]);
  return [state, load];
}

export function useJobs(jobs: Jobs): JobsState {
  return useSyncExternalStore(jobs.subscribe, jobs.getState);
}
