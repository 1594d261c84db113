/**
 * Finds the output of --exec between the marks that guest/rootfs/usr/sbin/init sets:
 *
 *   what the boot prints  @@tabhyve-exec-begin@@ newline  OUTPUT  @@tabhyve-exec-end:STATUS@@ newline  what the end prints
 *
 * OUTPUT is passed on as it comes, byte for byte. It may contain what looks like the mark of the end: the last one
 * before the machine stops is it, so that what follows a candidate is held until another follows or the machine stops.
 */
const BEGIN = Buffer.from('@@tabhyve-exec-begin@@\n');
const END_START = Buffer.from('@@tabhyve-exec-end:');
const END = /^@@tabhyve-exec-end:(\d{1,3})@@\n/;
const END_MAX = END_START.length + 3 + 3;

export class ExecOutput {
  readonly #write: (bytes: Uint8Array) => void;
  #isOpen = false;
  /** Bytes that may be part of a mark, or follow a candidate for the end. */
  #held: Buffer = Buffer.alloc(0);
  #status: number | undefined;

  constructor(write: (bytes: Uint8Array) => void) {
    this.#write = write;
  }

  /** The status of the command, once it has ended. */
  get status(): number | undefined {
    return this.#status;
  }

  /** What came before the command began, or all if it never did: to explain why. */
  get before(): string {
    return this.#isOpen ? '' : this.#held.toString('utf8');
  }

  take(bytes: Uint8Array): void {
    this.#held = Buffer.concat([this.#held, bytes]);
    if (!this.#isOpen) this.#open();
    if (this.#isOpen) this.#pass();
  }

  #open(): void {
    const at = this.#held.indexOf(BEGIN);
    if (at < 0) return;
    this.#isOpen = true;
    this.#held = this.#held.subarray(at + BEGIN.length);
  }

  /** Passes on all that cannot be the mark of the end, nor follow it. */
  #pass(): void {
    // The candidate at the front was one only if nothing like it follows.
    let from = this.#status === undefined ? 0 : END_START.length;
    for (;;) {
      const at = this.#held.indexOf(END_START, from);
      if (at < 0) break;
      const match = END.exec(this.#held.toString('latin1', at, at + END_MAX));
      const isCut = match === null && this.#held.length < at + END_MAX;
      if (match !== null) this.#status = Number(match[1]);
      if (match !== null || (isCut && this.#status === undefined)) return this.#passUntil(at, match !== null);
      from = at + 1;
    }
    if (this.#status === undefined) this.#passUntil(this.#held.length - tail(this.#held), false);
  }

  #passUntil(at: number, again: boolean): void {
    if (at > 0) this.#write(this.#held.subarray(0, at));
    this.#held = this.#held.subarray(at);
    if (again) this.#pass();
  }
}

/** How many of the last bytes may be the beginning of the mark of the end. */
function tail(bytes: Buffer): number {
  for (let length = Math.min(bytes.length, END_START.length - 1); length > 0; length--) {
    if (bytes.subarray(bytes.length - length).equals(END_START.subarray(0, length))) return length;
  }
  return 0;
}
