/** Firefox without a window, driven by WebDriver BiDi. */
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { connect, type BidiConnection } from './bidi.ts';

export interface Firefox {
  readonly connection: BidiConnection;
  /** The processes that run pages. */
  contentProcesses(): number[];
  close(): Promise<void>;
}

/** @param profile a folder, which is made */
export async function startFirefox(program: string, profile: string): Promise<Firefox> {
  mkdirSync(profile, { recursive: true });
  const args = ['--headless', '--no-remote', '--remote-debugging-port', '0', '--profile', profile];
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const kill = (): boolean => child.kill('SIGKILL');
  process.once('exit', kill);
  let said = '';
  const address = await new Promise<string>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => reject(new Error(`${program} ended: ${said}`)));
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-10000);
      const [, url] = /WebDriver BiDi listening on (ws:\S+)/.exec(said) ?? [];
      if (url !== undefined) resolve(url);
    });
  });
  const connection = await connect(address);
  return {
    connection,
    contentProcesses: () => contentProcessesOf(child.pid ?? 0),
    close: async () => {
      await connection.command('browser.close').catch(() => kill());
      await ended;
      process.off('exit', kill);
    },
  };
}

/** Those of its descendants whose last word says that they have tabs; Firefox rewrites the command lines of its children. */
function contentProcessesOf(browser: number): number[] {
  const read = (id: number, file: string): string => {
    try {
      return readFileSync(`/proc/${id}/${file}`, 'latin1');
    } catch {
      // The process has ended.
      return '';
    }
  };
  const parentOf = (id: number): number => Number(/^PPid:\s*(\d+)$/m.exec(read(id, 'status'))?.[1] ?? 0);
  const isOurs = (id: number): boolean => id === browser || (id > 1 && isOurs(parentOf(id)));
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((id) => / tab\s*$/.test(read(id, 'cmdline').replaceAll('\0', ' ')) && isOurs(id));
}
