/** The command line of tabhyve: finds the command, and says what went wrong in one line. */
import manifest from '../package.json' with { type: 'json' };
import { BadUsage } from './bad-usage.ts';
import { nearest } from './suggest.ts';

const usage = `Usage: tabhyve COMMAND [OPTIONS]

tabhyve ${manifest.version} is a hypervisor in a browser tab; this is its runner without a browser.

Commands:
  run       runs a machine: Debian, or a kernel of your own
  images    makes the images of the default machine
  disk      looks at disk images, converts and checks them

Options:
  --help      prints this text; tabhyve COMMAND --help prints that of a command
  --version   prints the version

Start the page with \`npm start\`.
`;

type Command = (args: readonly string[], signal: AbortSignal) => Promise<number>;

/** Loaded when they are needed: what a command imports takes longer to load than to print a version. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  run: async () => (await import('./run/run.ts')).run,
  images: async () => (await import('./images.ts')).images,
  disk: async () => (await import('./disk/disk.ts')).disk,
};

const SIGNALS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
const BAD_USAGE = 2;
const FAILED = 1;

/** Runs one command line, given without the program's name, and returns the exit status. */
export async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  const stop = new AbortController();
  for (const signal of Object.keys(SIGNALS)) process.on(signal, () => stop.abort(signal));
  try {
    if (name === '--help' || name === '--version') {
      if (rest.length > 0) throw new BadUsage(`${name} stands alone, without ${rest.join(' ')}`);
      process.stdout.write(name === '--help' ? usage : `${manifest.version}\n`);
      return 0;
    }
    return await (
      await find(name)
    )(rest, stop.signal);
  } catch (error) {
    if (stop.signal.aborted) return SIGNALS[stop.signal.reason as keyof typeof SIGNALS];
    return report(error);
  }
}

async function find(name: string | undefined): Promise<Command> {
  if (name === undefined) throw new BadUsage(`give a command\n\n${usage.trimEnd()}`);
  const load = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (load !== undefined) return load();
  const meant = nearest(name, [...Object.keys(commands), '--help', '--version']);
  const kind = name.startsWith('-') ? 'option' : 'command';
  throw new BadUsage(
    `unknown ${kind} ${name}${meant === undefined ? '' : `: did you mean ${meant}?`}\n\n${usage.trimEnd()}`,
  );
}

/** Errors whose messages are for a person; with any other, something is wrong with tabhyve, and the stack helps. */
const EXPECTED = ['BootError', 'BlockError', 'FileError', 'ImageError', 'MissingHostTool'];

function report(error: unknown): number {
  if (!(error instanceof Error)) throw error;
  if (error instanceof BadUsage) {
    process.stderr.write(`tabhyve: ${error.message}\n`);
    return BAD_USAGE;
  }
  const isExpected = EXPECTED.includes(error.name) || EXPECTED.includes(error.constructor.name);
  const isDetailed = !isExpected || process.env['DEBUG'] !== undefined;
  process.stderr.write(`tabhyve: ${isDetailed ? (error.stack ?? error.message) : error.message}\n`);
  return FAILED;
}
