import type { MachineStatus } from '../../machine/api.ts';
import { Icon, type IconName } from '../parts/Icon.tsx';
import { keysOf, type Command } from '../shortcuts.ts';

interface ButtonProps {
  readonly icon: IconName;
  readonly label: string;
  readonly onClick: () => void;
  readonly disabled?: boolean;
  readonly pressed?: boolean;
  readonly primary?: boolean;
  /** Something goes on behind it. */
  readonly busy?: boolean;
  /** The shortcut that does the same. */
  readonly command?: Command;
}

export function ToolButton(props: ButtonProps) {
  const { icon, label, onClick, disabled = false, pressed, primary = false, busy = false, command } = props;
  return (
    <button
      type="button"
      className={primary ? 'tool tool-primary' : 'tool'}
      disabled={disabled}
      aria-pressed={pressed}
      data-busy={busy}
      aria-keyshortcuts={command && keysOf(command).join('+').replace('Ctrl', 'Control')}
      title={command ? `${label} (${keysOf(command).join('+')})` : label}
      onClick={onClick}
    >
      <Icon name={icon} />
      <span className="tool-label">{label}</span>
    </button>
  );
}

interface Props {
  readonly status: MachineStatus;
  /** Whether there is anything to start. */
  readonly ready: boolean;
  readonly onCommand: (command: Command) => void;
}

const runLabel = { running: 'Pause', paused: 'Resume' } as Partial<Record<MachineStatus['state'], string>>;

/** The machine's own switches. Each stays in its place whatever the machine does. */
export function MachineControls({ status, ready, onCommand }: Props) {
  const { state } = status;
  const alive = state === 'running' || state === 'paused';
  return (
    <div className="tools" role="group" aria-label="Machine controls">
      <ToolButton
        icon={state === 'running' ? 'pause' : 'start'}
        label={runLabel[state] ?? 'Start'}
        command="run"
        primary
        disabled={state === 'loading' || (!alive && !ready)}
        onClick={() => onCommand('run')}
      />
      <ToolButton icon="reset" label="Reset" command="reset" disabled={!alive} onClick={() => onCommand('reset')} />
      <ToolButton
        icon="power"
        label="Power off"
        command="powerOff"
        disabled={!alive && state !== 'loading'}
        onClick={() => onCommand('powerOff')}
      />
    </div>
  );
}
