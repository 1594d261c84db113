/** Runs programs of the host. */
import { spawn } from 'node:child_process';
import { processorSeconds } from './processes.ts';

export interface Ran {
  readonly output: string;
  /** From the start until the text that was waited for, or the end. */
  readonly seconds: number;
  /** Processor time until then; 0 if it was not read before the end. */
  readonly processor: number;
}

/** Runs a program until it ends, or until it has printed `until` on stdout, when it is ended. */
export function runUntil(command: readonly string[], until?: string): Promise<Ran> {
  const [program, ...args] = command as [string, ...string[]];
  const start = performance.now();
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let [output, errors] = ['', ''];
  return new Promise((resolve, reject) => {
    let seconds: number | undefined;
    let processor = 0;
    const done = (): void => {
      seconds ??= (performance.now() - start) / 1000;
    };
    child.stdout.setEncoding('latin1').on('data', (text: string) => {
      output += text;
      if (until === undefined || seconds !== undefined || !output.includes(until)) return;
      done();
      processor = processorSeconds(child.pid ?? 0);
      child.kill('SIGTERM');
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
    child.on('error', reject);
    child.on('close', (status) => {
      const isReached = until === undefined ? status === 0 : seconds !== undefined;
      done();
      if (isReached) resolve({ output, seconds: seconds ?? 0, processor });
      else reject(new Error(`${program} ended with ${status}: ${errors}${output.slice(-2000)}`));
    });
  });
}
