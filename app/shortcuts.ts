/**
 * The page's keyboard shortcuts. All hold Ctrl and Shift: with these two, terminals give letters no meaning of their own,
 * so that no key is taken from the guest. Control is the key of that name on every keyboard, Apple's included.
 */

export type Command = 'run' | 'reset' | 'powerOff' | 'find' | 'copy' | 'settings' | 'leave' | 'help';

interface Shortcut {
  readonly command: Command;
  /** `KeyboardEvent.key` in lower case. */
  readonly key: string;
  readonly does: string;
}

export const shortcuts: readonly Shortcut[] = [
  { command: 'run', key: 'enter', does: 'Start, pause or resume the machine' },
  { command: 'reset', key: 'backspace', does: 'Reset the machine' },
  { command: 'powerOff', key: 'x', does: 'Power off' },
  { command: 'find', key: 'f', does: 'Search the console' },
  { command: 'copy', key: 'c', does: 'Copy what is selected in the console' },
  { command: 'leave', key: 'e', does: 'Leave the console for the controls, and come back' },
  { command: 'settings', key: 's', does: 'Settings' },
  { command: 'help', key: 'h', does: 'Help' },
];

interface Keys {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly shiftKey: boolean;
  readonly altKey: boolean;
  readonly metaKey: boolean;
}

/** The command that a pressed key asks for. */
export function commandOf({ key, ctrlKey, shiftKey, altKey, metaKey }: Keys): Command | undefined {
  if (!ctrlKey || !shiftKey || altKey || metaKey) return undefined;
  return shortcuts.find((shortcut) => shortcut.key === key.toLowerCase())?.command;
}

/** How a shortcut is written for a person: one text for each key. */
export function keysOf(command: Command): readonly string[] {
  const key = shortcuts.find((shortcut) => shortcut.command === command)?.key ?? '';
  return ['Ctrl', 'Shift', `${key.charAt(0).toUpperCase()}${key.slice(1)}`];
}
