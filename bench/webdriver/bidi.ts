/**
 * A connection to a browser by WebDriver BiDi, https://www.w3.org/TR/webdriver-bidi/ (section 3, Protocol). Messages are
 * JSON texts on a WebSocket:
 *
 *     {id, method, params}                    to the browser: a command
 *     {type: "success", id, result}           what a command returns
 *     {type: "error", id, error, message}     why it did not
 *     {type: "event", method, params}         what happens in the browser, if it was subscribed to
 */
import { WebSocket } from 'ws';

export type Fields = Readonly<Record<string, unknown>>;

/** A command failed; or the browser said something that it should not, or nothing any more. */
export class BidiError extends Error {}

interface Pending {
  readonly method: string;
  readonly resolve: (result: Fields) => void;
  readonly reject: (error: BidiError) => void;
}

/** Commands, their answers, and events, whatever carries the messages. */
export class BidiConnection {
  readonly #send: (message: string) => void;
  readonly #pending = new Map<number, Pending>();
  readonly #listeners = new Map<string, ((params: Fields) => void)[]>();
  #lastId = 0;
  #ended: string | undefined;

  constructor(send: (message: string) => void) {
    this.#send = send;
  }

  /** @throws BidiError */
  command(method: string, params: Fields = {}): Promise<Fields> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== undefined) return reject(new BidiError(`${method}: ${this.#ended}`));
      const id = ++this.#lastId;
      this.#pending.set(id, { method, resolve, reject });
      this.#send(JSON.stringify({ id, method, params }));
    });
  }

  /** Calls back at each event of this name; the browser has to be asked for it by `session.subscribe`. */
  on(event: string, listener: (params: Fields) => void): void {
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener]);
  }

  /** Takes a message of the browser's. */
  receive(text: string): void {
    const message = JSON.parse(text) as Fields;
    if (message['type'] === 'event') {
      for (const listener of this.#listeners.get(String(message['method'])) ?? [])
        listener(fieldsOf(message['params']));
      return;
    }
    const id = Number(message['id']);
    const pending = this.#pending.get(id);
    // An error without a number is about a message that was no command: there is no one to tell.
    if (pending === undefined) return;
    this.#pending.delete(id);
    if (message['type'] === 'success') pending.resolve(fieldsOf(message['result']));
    else pending.reject(new BidiError(`${pending.method}: ${String(message['error'])}: ${String(message['message'])}`));
  }

  /** No message will come any more: all commands fail. */
  end(reason: string): void {
    this.#ended ??= reason;
    for (const { method, reject } of this.#pending.values()) reject(new BidiError(`${method}: ${this.#ended}`));
    this.#pending.clear();
  }
}

export function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

/** Connects to a browser that listens at this address, a `ws:` URL, and begins a session. */
export async function connect(url: string): Promise<BidiConnection> {
  const socket = new WebSocket(`${url}/session`, { maxPayload: 256 * 2 ** 20 });
  const connection = new BidiConnection((message) => socket.send(message));
  await new Promise<void>((resolve, reject) => {
    socket.once('open', () => resolve());
    socket.once('error', reject);
  });
  socket.on('message', (data: Buffer) => connection.receive(data.toString('utf8')));
  socket.on('error', (error) => connection.end(error.message));
  socket.on('close', () => connection.end('the browser has closed the connection'));
  await connection.command('session.new', { capabilities: {} });
  return connection;
}
