import type { Ref } from 'react';
import type { MachineStatus } from '../../machine/api.ts';
import { StatusPill } from '../parts/StatusPill.tsx';
import type { Preferences } from '../settings/settings.ts';
import type { Command } from '../shortcuts.ts';
import type { DialogName } from './Dialogs.tsx';
import { MachineControls, ToolButton } from './Toolbar.tsx';

interface Props {
  readonly status: MachineStatus;
  readonly ready: boolean;
  readonly theme: Preferences['theme'];
  readonly touring: boolean;
  readonly panelIsOpen: boolean;
  /** What is being done with disks, if anything is. */
  readonly diskWork: string | undefined;
  /** Where the controls are, to put the focus there. */
  readonly controls: Ref<HTMLDivElement>;
  readonly onCommand: (command: Command) => void;
  readonly onDialog: (name: DialogName) => void;
  readonly onTour: () => void;
  readonly onPanel: () => void;
  readonly onTheme: () => void;
}

const themeLabels = {
  system: 'Colours: as the system',
  light: 'Colours: light',
  dark: 'Colours: dark',
} as const;

/** The bar on top: the machine's state and its switches, and what the page offers besides. */
export function Header(props: Props) {
  const { status, ready, theme, touring, panelIsOpen, diskWork, controls } = props;
  const { onCommand, onDialog, onTour, onPanel, onTheme } = props;
  return (
    <header className="bar">
      <h1 className="brand">
        <span className="brand-mark" aria-hidden="true" />
        tabhyve
      </h1>
      <StatusPill status={status} />
      <div ref={controls}>
        <MachineControls status={status} ready={ready} onCommand={onCommand} />
      </div>
      <div className="tools tools-end" role="group" aria-label="Page">
        <ToolButton icon="tour" label="Walk-through" pressed={touring} onClick={onTour} />
        <ToolButton icon="files" label="Files" onClick={() => onDialog('files')} />
        <ToolButton icon="disk" label="Disks" busy={diskWork !== undefined} onClick={() => onDialog('disks')} />
        <ToolButton icon="share" label="Share" onClick={() => onDialog('share')} />
        <ToolButton icon="settings" label="Settings" command="settings" onClick={() => onCommand('settings')} />
        <ToolButton icon="help" label="Help" command="help" onClick={() => onCommand('help')} />
        <ToolButton icon={theme} label={themeLabels[theme]} onClick={onTheme} />
        <ToolButton icon="panel" label="Figures" pressed={panelIsOpen} onClick={onPanel} />
      </div>
    </header>
  );
}
