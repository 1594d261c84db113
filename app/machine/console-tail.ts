/** How much of the console's end is kept, in characters. */
const LENGTH = 8192;

/**
 * Escape sequences, ECMA-48 section 5.4 (control sequences) and 5.6 (control strings), and other control characters but
 * the line feed.
 */
const CONTROL =
  // eslint-disable-next-line no-control-regex -- they are what is looked for
  /\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[ -/]*[0-~]|[\0-\x09\x0b-\x1f\x7f]/g;

/** The end of what the guest printed, as plain text: to see what it did, without asking the terminal. */
export class ConsoleTail {
  readonly #decoder = new TextDecoder();
  #raw = '';
  /** Characters that were printed since the machine was made, to tell what is new. */
  #printed = 0;

  push(bytes: Uint8Array): void {
    const text = this.#decoder.decode(bytes, { stream: true });
    this.#printed += text.length;
    this.#raw = (this.#raw + text).slice(-LENGTH);
  }

  /** A place in the output; `since` gives what was printed after it. */
  get mark(): number {
    return this.#printed;
  }

  since(mark: number): string {
    const length = Math.min(this.#raw.length, Math.max(0, this.#printed - mark));
    return length === 0 ? '' : this.#raw.slice(-length).replace(CONTROL, '');
  }

  /** True when the last line looks like a shell that waits for a command. */
  get atPrompt(): boolean {
    return /(^|\n)[^\n]{0,200}[#$] $/.test(this.since(this.#printed - 400));
  }
}
