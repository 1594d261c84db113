import type { ConsoleHandle } from './terminal.ts';

interface Props {
  readonly handle: ConsoleHandle;
}

const ARROWS = [
  ['D', '←', 'Left'],
  ['B', '↓', 'Down'],
  ['A', '↑', 'Up'],
  ['C', '→', 'Right'],
] as const;

/** The keys that the keyboards of phones and tablets lack. Drawn where the pointer is a finger. */
export function TouchKeys({ handle }: Props) {
  const key = (label: string, name: string, press: () => void) => (
    <button
      key={name}
      type="button"
      aria-label={name}
      // The keyboard of the screen stays up as long as the console has the focus.
      onPointerDown={(event) => event.preventDefault()}
      onClick={press}
    >
      {label}
    </button>
  );
  return (
    <div className="touch-keys" role="toolbar" aria-label="Keys">
      {key('Esc', 'Escape', () => handle.type('\x1b'))}
      {key('Tab', 'Tab', () => handle.type('\t'))}
      {key('^C', 'Control C', () => handle.type('\x03'))}
      {key('^D', 'Control D', () => handle.type('\x04'))}
      {ARROWS.map(([direction, label, name]) => key(label, name, () => handle.arrow(direction)))}
    </div>
  );
}
