/** Runs the command line tool as a person's shell would. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../tabhyve.mjs', import.meta.url));

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  /** Resolves when it has printed `text` on stdout. */
  readonly printed: (text: string) => Promise<void>;
  readonly ended: Promise<Ended>;
}

/** Starts it; text is latin1, so that every byte is a character. Its stdin stays open until `input` is written. */
export function start(...args: readonly string[]): Running {
  const child = spawn(process.execPath, [program, ...args], { stdio: 'pipe' });
  child.stdout.setEncoding('latin1');
  child.stderr.setEncoding('latin1');
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (text: string) => (stdout += text));
  child.stderr.on('data', (text: string) => (stderr += text));
  child.stdin.on('error', () => undefined);
  const printed = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (stdout.includes(text)) resolve();
      };
      look();
      child.stdout.on('data', look);
      child.on('close', () => reject(new Error(`it ended without printing ${text}: ${stdout}${stderr}`)));
    });
  const ended = once(child, 'close').then(([status]) => ({ status: status as number | null, stdout, stderr }));
  return { child, printed, ended };
}

/** Runs it to its end, with nothing on stdin. */
export async function tabhyve(...args: readonly string[]): Promise<Ended> {
  return tabhyveWith('', ...args);
}

/** Runs it to its end, with `input` on stdin. */
export async function tabhyveWith(input: string | Uint8Array, ...args: readonly string[]): Promise<Ended> {
  const { child, ended } = start(...args);
  child.stdin?.end(input);
  return ended;
}
