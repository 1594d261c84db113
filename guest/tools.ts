import { execFile } from 'node:child_process';
import { delimiter } from 'node:path';
import { ImageError } from './errors.ts';

/** Where programs of the host stand that an ordinary user's PATH may lack: Debian's sbin folders, and Homebrew's e2fsprogs. */
const moreFolders = ['/usr/sbin', '/sbin', '/opt/homebrew/opt/e2fsprogs/sbin', '/usr/local/opt/e2fsprogs/sbin'];

/** The packages that bring the programs, under Debian's names. */
const packageOfTool: Readonly<Record<string, string>> = {
  'mkfs.ext4': 'e2fsprogs',
  debugfs: 'e2fsprogs',
  e2fsck: 'e2fsprogs',
  gpgv: 'gpgv',
};

export interface ToolResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ToolOptions {
  readonly signal?: AbortSignal | undefined;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: Uint8Array;
  /** Statuses that are no failure; zero alone if not given. */
  readonly statuses?: readonly number[];
}

/**
 * Runs a program of the host and returns what it printed.
 * @throws ImageError `no-tool` if it is not installed, `tool-failed` with its message if it ends with another status than expected
 */
export function runTool(name: string, args: readonly string[], options: ToolOptions = {}): Promise<ToolResult> {
  const { signal, input, statuses = [0] } = options;
  const path = [process.env['PATH'], ...moreFolders].join(delimiter);
  const env = { ...process.env, LC_ALL: 'C', PATH: path, ...options.env };
  return new Promise((resolve, reject) => {
    const child = execFile(name, args, { env, signal, maxBuffer: 64 << 20 }, (error, stdout, stderr) => {
      const status = error === null ? 0 : error.code;
      if (status === 'ENOENT') {
        const origin = packageOfTool[name] ?? name;
        const hint = `Install the package ${origin} (Debian and Ubuntu: apt install ${origin}; macOS: brew install ${origin}).`;
        reject(new ImageError('no-tool', `The program ${name} is missing, which makes the guest images. ${hint}`));
      } else if (typeof status !== 'number' || !statuses.includes(status)) {
        if (signal?.aborted) return reject(signal.reason as Error);
        const said = stderr.trim() || stdout.trim() || error?.message || 'nothing';
        reject(new ImageError('tool-failed', `${name} failed (status ${status ?? 'none'}). It says:\n${said}`));
      } else {
        resolve({ status, stdout, stderr });
      }
    });
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });
}
