/** Ctrl-A in a terminal, as in QEMU: what is typed goes to the guest, but for what follows Ctrl-A. */
const CTRL_A = 0x01;

export const escapeHelp = `
Ctrl-A x       end the machine at once
Ctrl-A Ctrl-A  send Ctrl-A
Ctrl-A h       print this
`;

export type EscapeAction = 'quit' | 'help';

export class EscapeReader {
  readonly #act: (action: EscapeAction) => void;
  #isEscaped = false;

  constructor(act: (action: EscapeAction) => void) {
    this.#act = act;
  }

  /** What of `typed` is for the guest. */
  read(typed: Uint8Array): Uint8Array {
    if (!this.#isEscaped && !typed.includes(CTRL_A)) return typed;
    return typed.filter((byte) => this.#isForGuest(byte));
  }

  #isForGuest(byte: number): boolean {
    if (!this.#isEscaped) {
      this.#isEscaped = byte === CTRL_A;
      return !this.#isEscaped;
    }
    this.#isEscaped = false;
    const char = String.fromCharCode(byte).toLowerCase();
    if (char === 'x') this.#act('quit');
    else if (char === 'h' || char === '?') this.#act('help');
    return byte === CTRL_A;
  }
}
