/** A page of a browser that speaks WebDriver BiDi, with those of Playwright's calls that the benchmark needs. */
import { BidiError, fieldsOf, type BidiConnection, type Fields } from './bidi.ts';

export class BidiPage {
  readonly #connection: BidiConnection;
  /** The navigable, in the protocol's words. */
  readonly #context: string;

  private constructor(connection: BidiConnection, context: string) {
    this.#connection = connection;
    this.#context = context;
  }

  /** Opens a page, and loads an address. */
  static async open(connection: BidiConnection, url: string): Promise<BidiPage> {
    const { context } = await connection.command('browsingContext.create', { type: 'tab' });
    const page = new BidiPage(connection, String(context));
    await connection.command('browsingContext.navigate', { context, url, wait: 'complete' });
    return page;
  }

  /**
   * Calls a function in the page, of which only the source gets there. It is given plain data, and returns what JSON can
   * hold.
   * @throws BidiError with what the page threw
   */
  async evaluate<A, R>(action: (given: A) => R | Promise<R>, given: A): Promise<R> {
    const source = `async (given) => JSON.stringify(await (${action.toString()})(given))`;
    const result = await this.#call(source, [localValue(given)]);
    return (result['type'] === 'string' ? JSON.parse(String(result['value'])) : undefined) as R;
  }

  /** Gives the page a function of this name, which takes a text and returns nothing. */
  async exposeFunction(name: string, action: (text: string) => void): Promise<void> {
    const channel = `${this.#context}/${name}`;
    this.#connection.on('script.message', (message) => {
      if (message['channel'] === channel) action(String(fieldsOf(message['data'])['value']));
    });
    await this.#connection.command('session.subscribe', { events: ['script.message'], contexts: [this.#context] });
    await this.#call(`(send) => { globalThis[${JSON.stringify(name)}] = async (text) => send(text); }`, [
      { type: 'channel', value: { channel } },
    ]);
  }

  async close(): Promise<void> {
    await this.#connection.command('browsingContext.close', { context: this.#context });
  }

  /** Returns the value as the protocol writes it. */
  async #call(functionDeclaration: string, given: readonly Fields[]): Promise<Fields> {
    const target = { context: this.#context };
    const call = { functionDeclaration, target, arguments: given, awaitPromise: true };
    const answer = await this.#connection.command('script.callFunction', call);
    if (answer['type'] === 'exception') {
      throw new BidiError(`the page threw ${String(fieldsOf(answer['exceptionDetails'])['text'])}`);
    }
    return fieldsOf(answer['result']);
  }
}

/** Plain data as the protocol writes it (script.LocalValue). */
export function localValue(value: unknown): Fields {
  if (value === undefined) return { type: 'undefined' };
  if (value === null) return { type: 'null' };
  if (Array.isArray(value)) return { type: 'array', value: value.map(localValue) };
  if (typeof value === 'object') {
    return { type: 'object', value: Object.entries(value).map(([name, each]) => [name, localValue(each)]) };
  }
  return { type: typeof value, value };
}
