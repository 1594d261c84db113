// A machine in a page, driven as a person would: by the page's buttons and the keyboard.

import { expect, type Page } from '@playwright/test';
import type { DiskFigures, MachineStatus } from '../../machine/api.ts';

/** What the page publishes for scripts, app/handle.ts, as far as it is used here. */
interface PageHandle {
  text(): string;
  size(): { readonly columns: number; readonly rows: number };
  state(): {
    readonly status: MachineStatus;
    readonly figures?: { readonly instructions: number; readonly disks: readonly DiskFigures[] };
  };
}

declare global {
  interface Window {
    tabhyve?: PageHandle;
  }
}

/** How long a boot may take on a busy host, in milliseconds. */
export const BOOT = 90_000;
/** How long a small command may take. */
const COMMAND = 30_000;

/** What a command has printed, and how it ended. */
export interface Ran {
  readonly output: string;
  readonly status: number;
}

export class Vm {
  readonly page: Page;
  #commands = 0;

  constructor(page: Page) {
    this.page = page;
  }

  /** Opens the page; `path` is relative to the server's root, or a whole URL. */
  static async open(page: Page, path = './'): Promise<Vm> {
    await page.goto(path);
    // The console is there, and with it the page's handle.
    await page.waitForFunction(() => window.tabhyve !== undefined);
    return new Vm(page);
  }

  get status() {
    return this.page.getByRole('status', { name: 'Machine' });
  }

  get console() {
    return this.page.getByRole('textbox', { name: 'Terminal input' });
  }

  button(name: string) {
    return this.page.getByRole('banner').getByRole('button', { name, exact: true });
  }

  async start(): Promise<void> {
    await this.button('Start').click();
  }

  /** Has disks that are made from now on kept in files of the browser. */
  async keepNewDisksInFile(): Promise<void> {
    await this.page.getByRole('button', { name: 'Settings' }).click();
    await this.page.getByRole('radio', { name: 'A file of the browser' }).check();
    await this.page.getByRole('button', { name: 'Save' }).click();
  }

  /** Starts the machine and waits for its shell. */
  async boot(): Promise<void> {
    await this.start();
    await this.waitForPrompt();
  }

  /** All that the console holds. */
  text(): Promise<string> {
    return this.page.evaluate(() => window.tabhyve?.text() ?? '');
  }

  /** Waits until the console has a text, and returns what the pattern has matched. */
  async waitForText(pattern: RegExp, timeout = COMMAND): Promise<RegExpExecArray> {
    await expect.poll(() => this.text(), { timeout, intervals: [100] }).toMatch(pattern);
    return pattern.exec(await this.text()) as RegExpExecArray;
  }

  async waitForPrompt(timeout = BOOT): Promise<void> {
    await this.waitForText(/root@tabhyve:[^\n]*#$/, timeout);
  }

  /** Types into the console. `\n` presses Enter. */
  async type(text: string): Promise<void> {
    await this.console.focus();
    for (const [index, line] of text.split('\n').entries()) {
      if (index > 0) await this.page.keyboard.press('Enter');
      if (line !== '') await this.page.keyboard.insertText(line);
    }
  }

  /**
   * Runs a command in the guest's shell. What it prints stands between two marks, which the shell puts together: as they
   * are typed they look different, so that the echo of the command is not taken for its output.
   */
  async try(command: string, timeout = COMMAND): Promise<Ran> {
    const id = ++this.#commands;
    await this.type(`printf '@%s@\\n' 'begin ${id}'; ${command}; printf '\\n@%s@\\n' "end ${id} $?"\n`);
    const mark = new RegExp(`@begin ${id}@\\n([^]*?)\\n?@end ${id} (\\d+)@`);
    const [, output, status] = await this.waitForText(mark, timeout);
    await this.waitForPrompt(timeout);
    return { output: output.trimEnd(), status: Number(status) };
  }

  /** Runs a command that must succeed, and returns what it printed. */
  async run(command: string, timeout = COMMAND): Promise<string> {
    const { output, status } = await this.try(command, timeout);
    expect(status, `"${command}" printed ${output}`).toBe(0);
    return output;
  }

  /** Instructions so far, and the first disk's figures, as of the page's next look at them. */
  async figures(): Promise<{ readonly instructions: number; readonly disk: DiskFigures }> {
    // Figures come four times a second.
    await this.page.waitForTimeout(600);
    const figures = await this.page.evaluate(() => window.tabhyve?.state().figures);
    if (figures === undefined) throw new Error('The machine has no figures yet.');
    return { instructions: figures.instructions, disk: figures.disks[0] };
  }

  /** The disk's chunks as the panel shows them. */
  async chunks(): Promise<number> {
    await this.page.waitForTimeout(600);
    const shown = await this.page.locator('[data-figure="chunks"]').first().textContent();
    return Number(shown?.replaceAll(',', ''));
  }
}
