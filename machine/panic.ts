/**
 * Tells a panic from an orderly reboot. Linux asks for the same reset in both cases, with the same reason, but says on
 * its console, at the level that no `quiet` hides, either of
 *
 *   Kernel panic - not syncing: REASON      kernel/panic.c
 *   reboot: Restarting system               kernel/reboot.c
 *
 * so the last of these lines before the reset decides. A program that prints the first one and then reboots in good
 * order makes the kernel print the second.
 */

/** As printk begins a line: level, time and thread, each of them optional. */
const PREFIX = String.raw`^(?:<\d+>)?(?:\[ *\d+\.\d+\](?:\[[^\]]*\])? )?`;
const PANIC = new RegExp(`${PREFIX}Kernel panic - not syncing: (.*)$`);
const RESTART = new RegExp(`${PREFIX}reboot: Restarting system`);
/** Longer lines are none of these. */
const LINE_MAX = 1024;

export class PanicWatch {
  readonly #decoder = new TextDecoder('latin1');
  #line = '';
  #reason: string | undefined;

  /** Takes output of the console, in order. */
  see(bytes: Uint8Array): void {
    const lines = (this.#line + this.#decoder.decode(bytes)).split(/[\r\n]+/);
    this.#line = (lines.pop() ?? '').slice(0, LINE_MAX);
    for (const line of lines) this.#look(line);
  }

  /** For a machine that was reset: why it cannot go on, for a person; `failed`: the guest gave failure as its reason. */
  message(failed: boolean): string | undefined {
    this.#look(this.#line);
    if (this.#reason !== undefined) return `The kernel panicked: ${this.#reason}`;
    return failed ? 'The guest reset the machine because it cannot go on.' : undefined;
  }

  #look(line: string): void {
    const panic = PANIC.exec(line);
    if (panic) this.#reason = panic[1];
    else if (RESTART.test(line)) this.#reason = undefined;
  }
}
