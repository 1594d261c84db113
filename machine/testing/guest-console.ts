/** A guest's console, for tests that read like prose: `expect(await guest.run('nproc')).toBe('2')`. */

/** Longer than any boot takes, in milliseconds. */
const PATIENCE = 120_000;
/** A shell that waits for a command: that of the root file system, and that of the initial one. */
const PROMPT = /[$#] [^\n]{0,20}$/;

export class GuestConsole {
  /** All that the guest has written. */
  text = '';
  readonly #decoder = new TextDecoder();
  readonly #type: (bytes: Uint8Array) => void;
  #look: () => void = () => undefined;
  #failure: Error | undefined;

  /** `type` sends input to the guest. */
  constructor(type: (bytes: Uint8Array) => void) {
    this.#type = type;
  }

  /** Takes output of the guest. */
  readonly see = (bytes: Uint8Array): void => {
    this.text += this.#decoder.decode(bytes, { stream: true });
    this.#look();
  };

  /** The machine has ended: whoever waits fails. */
  end(why: string): void {
    this.#failure = new Error(`the machine ended (${why})`);
    this.#look();
  }

  /** Waits until what stands behind `from` matches, and returns the match. */
  waitFor(pattern: RegExp, from = 0): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const settle = (action: () => void): void => {
        clearTimeout(timer);
        this.#look = () => undefined;
        action();
      };
      const fail = (why: string): void =>
        settle(() => reject(new Error(`${why} while waiting for ${pattern}:\n${this.text.slice(-2000)}`)));
      const timer = setTimeout(() => fail('too long'), PATIENCE);
      this.#look = () => {
        const match = pattern.exec(this.text.slice(from));
        if (match) settle(() => resolve(match));
        else if (this.#failure) fail(this.#failure.message);
      };
      this.#look();
    });
  }

  /** Waits for a shell, and makes it one that shows neither prompts nor what is typed. */
  async shell(): Promise<void> {
    await this.waitFor(PROMPT);
    this.type('stty -echo; PS1= PS2= exec sh\n');
    await this.run('true');
  }

  type(line: string): void {
    this.#type(new TextEncoder().encode(line));
  }

  /** Runs a command in the shell. Resolves with its output; rejects when its status is not 0. */
  async run(command: string): Promise<string> {
    const from = this.text.length;
    this.type(`${command}; echo "@@"$?"@@"\n`);
    const [all, status] = await this.waitFor(/@@(\d+)@@\r?\n/, from);
    const written = this.text.slice(from, from + this.text.slice(from).indexOf(all));
    const output = written.replaceAll('\r\n', '\n');
    if (status !== '0') throw new Error(`${command}: status ${status}\n${output}`);
    return output.trimEnd();
  }
}
