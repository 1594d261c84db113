// Chromium with a profile in a folder, whose processes are killed all at once, as by a power cut of the host's processes.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { chromium, type BrowserContext, type LaunchOptions } from '@playwright/test';

export class KillableBrowser {
  readonly context: BrowserContext;
  readonly #process: ChildProcess;

  private constructor(context: BrowserContext, process: ChildProcess) {
    this.context = context;
    this.#process = process;
  }

  /** Starts it with the profile that lies in a folder, which may be empty. */
  static async start({ executablePath = '', args = [] }: LaunchOptions, profile: string): Promise<KillableBrowser> {
    const own = ['--headless', '--remote-debugging-port=0', `--user-data-dir=${profile}`, 'about:blank'];
    // Detached: the leader of a process group of its own, which all that it starts belong to.
    const child = spawn(executablePath, [...args, ...own], { detached: true, stdio: ['ignore', 'ignore', 'pipe'] });
    const browser = await chromium.connectOverCDP(await endpoint(child));
    return new KillableBrowser(browser.contexts()[0], child);
  }

  /** Resolves when all its processes are gone. Nothing is asked of them before. */
  async kill(): Promise<void> {
    const { pid } = this.#process;
    if (pid === undefined || this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, 'close');
    process.kill(-pid, 'SIGKILL');
    await ended;
    while (groupLives(pid)) await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** The address that Chromium prints for whoever drives it. */
async function endpoint(child: ChildProcess): Promise<string> {
  const said: string[] = [];
  if (child.stderr) {
    for await (const line of createInterface(child.stderr)) {
      said.push(line);
      const [, address] = /^DevTools listening on (ws:.*)$/.exec(line) ?? [];
      if (address === undefined) continue;
      // It must not wait for a reader.
      child.stderr.resume();
      return address;
    }
  }
  throw new Error(`Chromium did not start: ${said.slice(-5).join('\n')}`);
}

function groupLives(pid: number): boolean {
  try {
    return process.kill(-pid, 0);
  } catch {
    return false;
  }
}
