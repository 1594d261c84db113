/** The console of the machine on the standard streams. */
import { EscapeReader, escapeHelp } from './escape.ts';
import { signalOutcome, type Outcome } from './outcome.ts';

/** What the streams are connected with. */
export interface Guest {
  input(bytes: Uint8Array): Promise<void>;
  resize(columns: number, rows: number): void;
  pause(): Promise<void>;
  resume(): void;
  end(outcome: Outcome): void;
}

/** While a slow reader of stdout is behind by more, the machine stands still; in bytes. */
const BEHIND_MAX = 4 << 20;

/** The size of the terminal on stdout, if it is one. */
export function terminalSize(): { readonly columns: number; readonly rows: number } {
  const { columns = 80, rows = 24 } = process.stdout;
  return { columns: columns > 0 ? columns : 80, rows: rows > 0 ? rows : 24 };
}

/** Writes to stdout; a reader that has gone ends the run. */
export class Output {
  #guest: Guest | undefined;
  #isPaused = false;

  connect(guest: Guest): void {
    this.#guest = guest;
    process.stdout.on('error', () => guest.end(signalOutcome('SIGPIPE')));
  }

  readonly write = (bytes: Uint8Array): void => {
    process.stdout.write(bytes);
    if (process.stdout.writableLength > BEHIND_MAX && !this.#isPaused) void this.#waitForReader();
  };

  /** Resolves when everything was taken, or nobody takes it any more. */
  async drain(): Promise<void> {
    const { stdout } = process;
    if (stdout.writableLength === 0 || stdout.destroyed) return;
    await new Promise<void>((resolve) => {
      stdout.once('error', () => resolve());
      stdout.write('', () => resolve());
    });
  }

  async #waitForReader(): Promise<void> {
    this.#isPaused = true;
    const drained = new Promise<void>((resolve) => process.stdout.once('drain', () => resolve()));
    await this.#guest?.pause();
    await drained;
    this.#guest?.resume();
    this.#isPaused = false;
  }
}

/** Connects stdin and the terminal's size to the guest; returns what gives the terminal back. */
export function connectInput(guest: Guest, { resizes }: { resizes: boolean }): () => void {
  const { stdin, stdout } = process;
  const escapes = new EscapeReader((action) => {
    if (action === 'quit') guest.end({ reason: 'quit', status: 0 });
    else process.stderr.write(escapeHelp.replaceAll('\n', '\r\n'));
  });
  const isTerminal = stdin.isTTY;
  const restore = (): void => void (isTerminal && stdin.setRawMode(false));
  if (isTerminal) {
    stdin.setRawMode(true);
    process.once('exit', restore);
  }
  const resized = (): void => guest.resize(stdout.columns, stdout.rows);
  if (resizes && stdout.isTTY) stdout.on('resize', resized);
  // One chunk at a time: the next is read when the guest has taken this one. The end of input is no end of the machine.
  const take = (chunk: Buffer): void => {
    stdin.pause();
    void guest.input(isTerminal ? escapes.read(chunk) : chunk).then(() => stdin.resume());
  };
  stdin.on('data', take);
  stdin.on('error', () => undefined);
  return () => {
    stdin.off('data', take);
    stdout.off('resize', resized);
    process.off('exit', restore);
    restore();
    stdin.destroy();
  };
}
