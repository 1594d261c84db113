import { useState } from 'react';
import { messageOf } from '../../machine/message.ts';
import { DisksDialog } from '../disks/DisksDialog.tsx';
import type { Jobs } from '../disks/jobs.ts';
import { FilesDialog } from '../files/FilesDialog.tsx';
import type { ReadFile } from '../files/read-files.ts';
import { ShareDialog } from '../link/ShareDialog.tsx';
import { cmdlineOf, DEFAULT_DISK, type OwnFile, type OwnFiles, type Plan } from '../machine/plan.ts';
import type { Session, SessionState } from '../machine/session.ts';
import { ConfirmDialog } from '../parts/Dialog.tsx';
import type { MachineSettings, Preferences } from '../settings/settings.ts';
import { SettingsDialog } from '../settings/SettingsDialog.tsx';
import { HelpDialog } from './HelpDialog.tsx';

export type DialogName = 'settings' | 'files' | 'disks' | 'share' | 'help' | 'reset' | 'powerOff' | 'erase';

interface Props {
  readonly name: DialogName;
  readonly session: Session;
  readonly state: SessionState;
  readonly plan: Plan;
  readonly preferences: Preferences;
  readonly jobs: Jobs;
  /** Files that were dropped on the page. */
  readonly dropped: readonly ReadFile[];
  readonly onSettings: (settings: MachineSettings) => void;
  readonly onPreferences: (preferences: Preferences) => void;
  readonly onFiles: (files: OwnFiles) => void;
  /** A file of the person's is to become a disk, and the machine's. */
  readonly onImport: (file: OwnFile) => void;
  readonly onReset: () => void;
  readonly onClose: () => void;
}

const SWITCH_OFF =
  'The guest is not asked: what it has not yet written to its disk is lost. To end it in good order, type poweroff in ' +
  'the console.';

/** The id of the browser's disk that was started from last, if it was one. */
function storeDisk({ spec }: SessionState): string | undefined {
  const disk = spec?.disks[0];
  return disk?.kind === 'store' ? disk.id : undefined;
}

/** The dialog that is open. */
export function Dialogs({ name, session, state, plan, jobs, onClose, ...props }: Props) {
  const { link, settings, files, images } = plan;
  const alive = state.status.state === 'running' || state.status.state === 'paused';
  /** Whether the disks are shown before the settings. */
  const [managing, setManaging] = useState(false);
  const disks = (leave: () => void): React.JSX.Element => (
    <DisksDialog
      session={session}
      jobs={jobs}
      settings={settings}
      open={alive ? (state.figures?.disks ?? []) : []}
      ownDisk={files.disk}
      onUse={(disk) => {
        const { disk: _, ...rest } = settings;
        props.onSettings(disk.id === DEFAULT_DISK ? rest : { ...rest, disk });
        const { disk: __, ...others } = files;
        props.onFiles(others);
      }}
      onClose={leave}
    />
  );

  switch (name) {
    case 'settings':
      return (
        <>
          <SettingsDialog
            settings={settings}
            preferences={props.preferences}
            defaultCmdline={images?.cmdline ?? ''}
            alive={alive}
            onDisks={() => setManaging(true)}
            onSettings={props.onSettings}
            onPreferences={props.onPreferences}
            onClose={onClose}
          />
          {managing && disks(() => setManaging(false))}
        </>
      );
    case 'disks':
      return disks(onClose);
    case 'files':
      return (
        <FilesDialog
          files={files}
          dropped={props.dropped}
          alive={alive}
          onFiles={props.onFiles}
          onImport={props.onImport}
          onClose={onClose}
        />
      );
    case 'share': {
      const own = link ? [] : [files.kernel, files.initrd, files.disk, files.firmware];
      return (
        <ShareDialog
          machine={link ?? linkable(settings, images?.cmdline)}
          cmdline={cmdlineOf(plan)}
          ownFiles={own.flatMap((file) => (file ? [file.name] : []))}
          page={plan.page}
          onClose={onClose}
        />
      );
    }
    case 'help':
      return <HelpDialog onClose={onClose} />;
    case 'reset':
      return (
        <ConfirmDialog title="Reset the machine?" action="Reset" onConfirm={props.onReset} onClose={onClose}>
          <p>{SWITCH_OFF}</p>
        </ConfirmDialog>
      );
    case 'powerOff': {
      const off = (): void => void session.powerOff();
      return (
        <ConfirmDialog title="Power off?" action="Power off" onConfirm={off} onClose={onClose}>
          <p>{SWITCH_OFF}</p>
        </ConfirmDialog>
      );
    }
    case 'erase': {
      const id = storeDisk(state);
      const erase = async (): Promise<void> => {
        if (id === undefined) return;
        try {
          await session.host.disks.delete(id);
          const { disk, ...rest } = settings;
          if (disk?.id === id) props.onSettings(rest);
          session.forgive();
        } catch (error) {
          session.report(messageOf(error));
        }
      };
      return (
        <ConfirmDialog title="Erase the disk?" action="Erase" onConfirm={() => void erase()} onClose={onClose}>
          <p>
            All that is on it will be gone.{' '}
            {settings.disk?.id === id
              ? 'The machine starts from its default disk then.'
              : 'The next start makes it anew from the image.'}
          </p>
        </ConfirmDialog>
      );
    }
  }
}

/** A machine of these settings as a link says it: with what was added to the images' own command line, where that will do. */
function linkable(settings: MachineSettings, imageCmdline: string | undefined) {
  const { cmdline, ...rest } = settings;
  if (cmdline === undefined || imageCmdline === undefined || !cmdline.startsWith(`${imageCmdline} `)) return settings;
  return { ...rest, additions: cmdline.slice(imageCmdline.length).trim() };
}
