import type { ConsoleHandle } from './console/terminal.ts';
import type { Session, SessionState } from './machine/session.ts';

/** `window.tabhyve`: the machine for who scripts the page, from the developer tools or a test. */
export interface PageHandle {
  /** All that the console holds, scrollback included. */
  text(): string;
  /** What fits on the console. */
  size(): { readonly columns: number; readonly rows: number };
  /** Types into the console. */
  type(text: string): void;
  /** What the page draws of the machine. */
  state(): SessionState;
}

declare global {
  interface Window {
    tabhyve?: PageHandle;
  }
}

export function publishHandle(session: Session, console: ConsoleHandle): void {
  window.tabhyve = {
    text: () => console.text(),
    size: () => console.size,
    type: (text) => console.type(text),
    state: () => session.getState(),
  };
}
