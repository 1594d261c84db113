import { useEffect, useReducer, useState, useSyncExternalStore } from 'react';
import type { BlockUsage, DiskEntry, StorageEstimate } from '../../machine/api-disks.ts';
import { messageOf } from '../../machine/message.ts';
import type { Host } from '../machine/host.ts';
import type { Jobs, JobsState } from './jobs.ts';

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
 * The disks of this origin, looked at whenever work on them has ended, the machine has opened or closed disks, or `lookAgain`
 * is called.
 */
export function useDisks(host: Host, jobs: JobsState, areOpen: boolean): readonly [Disks, lookAgain: () => void] {
  const [state, setState] = useState<Disks>({ usage: new Map() });
  const [looks, lookAgain] = useReducer((count: number) => count + 1, 0);
  const isBusy = jobs.job !== undefined;
  useEffect(() => {
    if (isBusy) return;
    let gone = false;
    const change = (change: (before: Disks) => Disks): void => void (gone || setState(change));
    const look = async (): Promise<void> => {
      const [disks, estimate] = await Promise.all([host.disks.list(), host.estimate()]);
      change(({ usage }) => ({ disks, estimate, usage }));
      for (const { id } of disks) {
        if (gone) return;
        // One that is deleted meanwhile occupies nothing.
        const found = await host.disks.inspect(id).catch(() => undefined);
        if (found) change((before) => ({ ...before, usage: new Map(before.usage).set(id, found) }));
      }
    };
    look().catch((error: unknown) => change(({ usage }) => ({ failure: messageOf(error), usage })));
    return () => {
      gone = true;
    };
  }, [host, isBusy, areOpen, looks]);
  return [state, lookAgain];
}

export function useJobs(jobs: Jobs): JobsState {
  return useSyncExternalStore(jobs.subscribe, jobs.getState);
}
