/** Runs programs of the host. */
import { spawn } from 'node:child_process';
import { processorSeconds } from './processes.ts';

export interface Ran {
  readonly output: string;
  /** From the start until the text that was waited for, or the end. */
  readonly seconds: number;
  /** Processor time from the text `from`, or the start, until the text `until`. */
  readonly processor: number;
  /** Processor time from the start until each of the marks that were printed. */
  readonly times: ReadonlyMap<string, number>;
}

export interface Marks {
  readonly from?: string;
  /** The program is ended when it has printed this; without it, it runs to its end. */
  readonly until?: string;
  /** The program is ended, and has failed, when it has run so many seconds. */
  readonly limit?: number;
  /** Texts at which the processor time is taken. */
  readonly marks?: readonly string[];
}

/** Runs a program until it ends, or has printed something on stdout. */
export function runUntil(command: readonly string[], { from, until, limit, marks = [] }: Marks = {}): Promise<Ran> {
  const [program, ...args] = command as [string, ...string[]];
  const start = performance.now();
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const processor = (): number => processorSeconds(child.pid ?? 0);
  let [output, errors] = ['', ''];
  const expire = (): void => {
    errors += `it took more than ${limit} s. `;
    child.kill('SIGKILL');
  };
  const timer = limit === undefined ? undefined : setTimeout(expire, limit * 1000);
  let began = from === undefined ? 0 : undefined;
  let reached: Omit<Ran, 'output' | 'times'> | undefined;
  const times = new Map<string, number>();
  const look = (): void => {
    for (const mark of marks) if (!times.has(mark) && output.includes(mark)) times.set(mark, processor());
    if (from !== undefined && output.includes(from)) began ??= processor();
    if (reached !== undefined || until === undefined || !output.includes(until)) return;
    reached = { seconds: (performance.now() - start) / 1000, processor: processor() - (began ?? 0) };
    child.kill('SIGTERM');
  };
  return new Promise((resolve, reject) => {
    child.stdout.setEncoding('latin1').on('data', (text: string) => {
      output += text;
      look();
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
    child.on('error', reject);
    child.on('close', (status) => {
      clearTimeout(timer);
      if (until === undefined && status === 0) reached = { seconds: (performance.now() - start) / 1000, processor: 0 };
      if (reached !== undefined) resolve({ output, times, ...reached });
      else reject(new Error(`${program} ended with ${status}: ${errors}${output.slice(-2000)}`));
    });
  });
}
