/** `tabhyve run`. */
import { describeOptions } from '../command-line.ts';
import type { CountedDisk } from '../../machine/disks.node.ts';
import { ExecOutput } from './exec-output.ts';
import { escapeHelp } from './escape.ts';
import { writeNamed } from './files.ts';
import { readRunOptions, runOptions, type RunOptions } from './options.ts';
import { signalOutcome, Status, statusText, timeoutOutcome, type EndingSignal, type Outcome } from './outcome.ts';
import { prepareRun } from './prepare.ts';
import { Runner } from './runner.ts';
import { collectStats, startWatch } from './stats.ts';
import { connectInput, Output, terminalSize } from './stdio.ts';

export const runUsage = `Usage: tabhyve run [OPTIONS]

Runs a machine; its console is on stdin and stdout. The end of stdin does not end it.

Options:
${describeOptions(runOptions)}

In a terminal:
${escapeHelp.trim().replaceAll(/^/gm, '  ')}

${statusText}
Examples:
  tabhyve run                                            Debian, on a disk that forgets
  tabhyve run --exec 'nproc; uname -m' -c 2
  tabhyve run --disk data.img                            with data.img as /dev/vdb
  tabhyve run --kernel Image --initrd initrd.cpio --append console=hvc0 -m 1G
  tabhyve run --kernel program.elf --firmware none --timeout 10
`;

/** Runs the command; returns its exit status. Throws errors whose message is for a person. */
export async function run(args: readonly string[], signal: AbortSignal): Promise<number> {
  const options = readRunOptions(args);
  if (options === 'help') {
    process.stdout.write(runUsage);
    return 0;
  }
  const { guest, disks } = await prepareRun(options, warn, signal);
  const output = new Output();
  const exec = options.exec === undefined ? undefined : new ExecOutput(output.write);
  const runner = new Runner({
    ...{ guest, cpus: options.cpus, memory: options.memory, disks },
    ...size(options),
    // A command is run once.
    reboot: options.reboot && exec === undefined,
    onOutput: exec === undefined ? output.write : (bytes) => exec.take(bytes),
    warn: onceEach(warn),
    log: options.verbose ? warn : () => undefined,
  });
  output.connect(runner);
  const watch = startWatch();
  const disconnect = connect(runner, options, signal);
  let outcome;
  try {
    outcome = await runner.run();
  } finally {
    disconnect();
    await closeAll(disks);
  }
  if (exec !== undefined) outcome = execOutcome(exec, outcome);
  const stats = collectStats(outcome, runner.boots, disks, watch);
  await output.drain();
  if (outcome.message !== undefined) warn(outcome.message);
  if (options.stats !== undefined) await writeNamed(options.stats, `${JSON.stringify(stats, undefined, 2)}\n`);
  return outcome.status;
}

function size({ columns, rows }: RunOptions): { columns: number; rows: number } {
  const terminal = terminalSize();
  return { columns: columns ?? terminal.columns, rows: rows ?? terminal.rows };
}

/** Lets streams, signals and time act on the run; returns what undoes it. */
function connect(runner: Runner, { exec, timeout, columns, rows }: RunOptions, signal: AbortSignal): () => void {
  const resizes = columns === undefined && rows === undefined;
  const disconnect = exec === undefined ? connectInput(runner, { resizes }) : () => undefined;
  const aborted = (): void => runner.end(signalOutcome(signal.reason as EndingSignal));
  if (signal.aborted) aborted();
  signal.addEventListener('abort', aborted);
  const timer =
    timeout === undefined ? undefined : setTimeout(() => runner.end(timeoutOutcome(timeout)), timeout * 1000);
  return () => {
    clearTimeout(timer);
    signal.removeEventListener('abort', aborted);
    disconnect();
  };
}

/** How a run with --exec ends: with the command's status, unless the machine ended before it. */
function execOutcome(exec: ExecOutput, outcome: Outcome): Outcome {
  const { status } = exec;
  if (outcome.reason === 'power-off' && status !== undefined) return { reason: 'command', status };
  if (outcome.status !== 0) {
    return {
      ...outcome,
      message: [exec.before.trimEnd(), outcome.message ?? ''].filter((text) => text !== '').join('\n'),
    };
  }
  const message = `${exec.before}the machine stopped before the command ended`;
  return { ...outcome, status: Status.FAILED, message };
}

async function closeAll(disks: readonly CountedDisk[]): Promise<void> {
  for (const { backend } of disks) {
    await backend.close().catch((error: unknown) => warn((error as Error).message));
  }
}

function warn(line: string): void {
  process.stderr.write(`tabhyve: ${line}${process.stdin.isTTY ? '\r\n' : '\n'}`);
}

/** A disk that fails does so for each request. */
function onceEach(tell: (line: string) => void): (line: string) => void {
  const told = new Set<string>();
  return (line) => {
    if (!told.has(line)) tell(line);
    told.add(line);
  };
}
