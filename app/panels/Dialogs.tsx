import { FilesDialog } from '../files/FilesDialog.tsx';
import type { ReadFile } from '../files/read-files.ts';
import { ShareDialog } from '../link/ShareDialog.tsx';
import { cmdlineOf, type OwnFiles, type Plan } from '../machine/plan.ts';
import type { Session, SessionState } from '../machine/session.ts';
import { ConfirmDialog } from '../parts/Dialog.tsx';
import type { MachineSettings, Preferences } from '../settings/settings.ts';
import { SettingsDialog } from '../settings/SettingsDialog.tsx';
import { HelpDialog } from './HelpDialog.tsx';

export type DialogName = 'settings' | 'files' | 'share' | 'help' | 'reset' | 'powerOff' | 'erase';

interface Props {
  readonly name: DialogName;
  readonly session: Session;
  readonly state: SessionState;
  readonly plan: Plan;
  readonly preferences: Preferences;
  /** Files that were dropped on the page. */
  readonly dropped: readonly ReadFile[];
  readonly onSettings: (settings: MachineSettings) => void;
  readonly onPreferences: (preferences: Preferences) => void;
  readonly onFiles: (files: OwnFiles) => void;
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
export function Dialogs({ name, session, state, plan, onClose, ...props }: Props) {
  const { link, settings, files, images } = plan;
  const alive = state.status.state === 'running' || state.status.state === 'paused';

  switch (name) {
    case 'settings':
      return (
        <SettingsDialog
          settings={settings}
          preferences={props.preferences}
          defaultCmdline={images?.cmdline ?? ''}
          alive={alive}
          host={session.host}
          usedDisk={alive ? storeDisk(state) : undefined}
          onSettings={props.onSettings}
          onPreferences={props.onPreferences}
          onClose={onClose}
        />
      );
    case 'files':
      return (
        <FilesDialog files={files} dropped={props.dropped} alive={alive} onFiles={props.onFiles} onClose={onClose} />
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
          session.forgive();
        } catch (error) {
          session.report(error instanceof Error ? error.message : String(error));
        }
      };
      return (
        <ConfirmDialog title="Erase the disk?" action="Erase" onConfirm={() => void erase()} onClose={onClose}>
          <p>All that is on it will be gone, and the next start makes it anew from the image.</p>
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
