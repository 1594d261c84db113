import { useId, useMemo, useRef, useState, type DragEvent } from 'react';
import type { DiskEntry } from '../../machine/api-disks.ts';
import type { DiskFigures } from '../../machine/api.ts';
import { DEFAULT_DISK, type OwnFile } from '../machine/plan.ts';
import type { Session } from '../machine/session.ts';
import { Dialog } from '../parts/Dialog.tsx';
import { Icon } from '../parts/Icon.tsx';
import type { MachineSettings } from '../settings/settings.ts';
import { NewDiskForm } from './DiskForm.tsx';
import { DiskItem } from './DiskItem.tsx';
import { DiskWork } from './disk-work.ts';
import { JobLine } from './JobLine.tsx';
import type { Jobs } from './jobs.ts';
import { nameOfBase, nameOfDisk } from './names.ts';
import { Space } from './Space.tsx';
import { useDisks, useJobs } from './use-disks.ts';

interface Props {
  readonly session: Session;
  readonly jobs: Jobs;
  readonly settings: MachineSettings;
  /** The disks that the machine has open. */
  readonly open: readonly DiskFigures[];
  /** The person's disk file, which a disk may lie over. */
  readonly ownDisk: OwnFile | undefined;
  /** The machine is to start from this disk, the next time. */
  readonly onUse: (disk: { readonly id: string; readonly name: string }) => void;
  readonly onClose: () => void;
}

const namesOf = (disks: readonly DiskEntry[], which: (disk: DiskEntry) => boolean): string[] =>
  disks.filter(which).map((disk) => `“${nameOfDisk(disk)}”`);

/** The disks of this browser: what they are, and what can be done with them. */
export function DisksDialog({ session, jobs, settings, open, ownDisk, onUse, onClose }: Props) {
  const state = useJobs(jobs);
  const [{ disks, estimate, usage, failure }, lookAgain] = useDisks(session.host, state, open.length > 0);
  const work = useMemo(() => new DiskWork(session, jobs), [session, jobs]);
  /** The one that is unfolded. */
  const [shown, setShown] = useState<string>();
  const [isMaking, setMaking] = useState(false);
  const [over, setOver] = useState(false);
  const picker = useId();
  const list = useRef<HTMLUListElement>(null);
  const chosen = settings.disk?.id ?? DEFAULT_DISK;
  const isBusy = state.job !== undefined;

  const importAll = async (files: readonly File[]): Promise<void> => {
    for (const file of files) {
      const made = await work.import({ blob: file, name: file.name }, settings.store);
      if (!made) return;
      setShown(made.id);
    }
  };
  const drop = (event: DragEvent): void => {
    if (!event.dataTransfer.types.includes('Files')) return;
    event.preventDefault();
    setOver(false);
    void importAll([...event.dataTransfer.files]);
  };

  return (
    <Dialog title="Disks" onClose={onClose} wide>
      <div
        className="dialog-body disks-body"
        data-over={over}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={(event) => setOver(event.currentTarget.contains(event.relatedTarget as Node | null))}
        onDrop={drop}
      >
        {estimate && <Space estimate={estimate} onKept={lookAgain} />}
        {failure !== undefined && (
          <p className="problem" role="alert">
            <Icon name="warning" />
            <span>{failure}</span>
          </p>
        )}
        {disks?.length === 0 && (
          <p className="disks-none">There are none yet. The first start makes one; or import an image.</p>
        )}
        <ul ref={list} className="disks" aria-label="Disks in this browser" tabIndex={-1}>
          {disks?.map((disk) => (
            <DiskItem
              key={disk.id}
              host={session.host}
              disk={disk}
              work={work}
              usage={open.find(({ id }) => id === disk.id) ?? usage.get(disk.id)}
              lies={nameOfBase(disk, disks, location.href)}
              overlays={namesOf(disks, ({ over }) => over === disk.id)}
              committing={namesOf(disks, ({ id }) => id === disk.committing)[0]}
              isOurs={open.some(({ id }) => id === disk.id)}
              isChosen={disk.id === chosen}
              isBusy={isBusy}
              isShown={disk.id === shown}
              base={ownDisk?.name === disk.baseFile ? ownDisk?.blob : undefined}
              onShow={() => setShown(disk.id === shown ? undefined : disk.id)}
              onUse={() => onUse({ id: disk.id, name: nameOfDisk(disk) })}
              onRenamed={(name) => disk.id === settings.disk?.id && onUse({ id: disk.id, name })}
              onDeleted={() => {
                if (disk.id === settings.disk?.id) onUse({ id: DEFAULT_DISK, name: '' });
                list.current?.focus();
              }}
            />
          ))}
        </ul>
        {isMaking && !isBusy && (
          <NewDiskForm
            work={work}
            settings={settings}
            onMade={({ id }) => setShown(id)}
            onClose={() => setMaking(false)}
          />
        )}
      </div>
      <footer className="dialog-footer disks-footer">
        <JobLine state={state} jobs={jobs} />
        <button type="button" className="button" aria-disabled={isBusy} onClick={() => !isBusy && setMaking(true)}>
          New…
        </button>
        <label className="button button-primary" htmlFor={picker} data-disabled={isBusy}>
          <Icon name="import" />
          Import…
          <input
            id={picker}
            type="file"
            multiple
            className="visually-hidden"
            aria-label="Import disk images"
            disabled={isBusy}
            onChange={(event) => {
              void importAll([...(event.target.files ?? [])]);
              event.target.value = '';
            }}
          />
        </label>
      </footer>
    </Dialog>
  );
}
