import { expect, test } from 'vitest';
import { BidiConnection } from './bidi.ts';
import { BidiPage, localValue } from './page.ts';

interface Command {
  readonly id: number;
  readonly method: string;
  readonly params: Record<string, unknown>;
}

/** A connection to a browser that answers each command by `answer`, or not at all. */
function connectionTo(answer: (command: Command) => object | undefined): {
  readonly connection: BidiConnection;
  readonly sent: Command[];
} {
  const sent: Command[] = [];
  const connection = new BidiConnection((text) => {
    const command = JSON.parse(text) as Command;
    sent.push(command);
    const message = answer(command);
    if (message !== undefined) queueMicrotask(() => connection.receive(JSON.stringify({ id: command.id, ...message })));
  });
  return { connection, sent };
}

const success = (result: object): object => ({ type: 'success', result });

test('each answer goes to its command, in whatever order they come', async () => {
  const { connection, sent } = connectionTo(() => undefined);
  const both = Promise.all([connection.command('first'), connection.command('second', { a: 1 })]);
  for (const { id, method } of sent.toReversed()) {
    connection.receive(JSON.stringify({ type: 'success', id, result: { of: method } }));
  }
  expect(await both).toEqual([{ of: 'first' }, { of: 'second' }]);
  expect(sent[1]).toEqual({ id: 2, method: 'second', params: { a: 1 } });
});

test('an error names the command', async () => {
  const { connection } = connectionTo(() => ({ type: 'error', error: 'no such frame', message: 'it is gone' }));
  await expect(connection.command('a.b')).rejects.toThrow('a.b: no such frame: it is gone');
  // About no command.
  connection.receive(JSON.stringify({ type: 'error', id: null, error: 'invalid argument', message: '' }));
});

test('events go to who listens', () => {
  const { connection } = connectionTo(() => undefined);
  const heard: unknown[] = [];
  connection.on('script.message', (params) => heard.push(params));
  connection.receive(JSON.stringify({ type: 'event', method: 'script.message', params: { channel: 'c' } }));
  connection.receive(JSON.stringify({ type: 'event', method: 'log.entryAdded', params: {} }));
  expect(heard).toEqual([{ channel: 'c' }]);
});

test('when the connection ends, so do its commands', async () => {
  const { connection } = connectionTo(() => undefined);
  const waiting = connection.command('a.b');
  connection.end('the browser is gone');
  await expect(waiting).rejects.toThrow('a.b: the browser is gone');
  await expect(connection.command('c.d')).rejects.toThrow('c.d: the browser is gone');
});

test('a page calls functions, and is called', async () => {
  const { connection, sent } = connectionTo(({ method, params }) => {
    if (method === 'browsingContext.create') return success({ context: 'tab-1' });
    if (method !== 'script.callFunction') return success({});
    const [given] = params['arguments'] as { readonly type: string; readonly value: string }[];
    if (given.type === 'channel') return success({ type: 'success', result: { type: 'undefined' } });
    if (given.value === 'throw') return success({ type: 'exception', exceptionDetails: { text: 'Error: no' } });
    return success({ type: 'success', result: { type: 'string', value: `{"given":"${given.value}"}` } });
  });
  const page = await BidiPage.open(connection, 'http://page.test/');
  expect(sent.map(({ method }) => method)).toEqual(['browsingContext.create', 'browsingContext.navigate']);

  expect(await page.evaluate((given) => ({ given }), 'two')).toEqual({ given: 'two' });
  await expect(page.evaluate((given) => given, 'throw')).rejects.toThrow('the page threw Error: no');

  const told: string[] = [];
  await page.exposeFunction('mark', (text) => told.push(text));
  const message = (channel: string, value: string): string =>
    JSON.stringify({ type: 'event', method: 'script.message', params: { channel, data: { type: 'string', value } } });
  connection.receive(message('tab-1/mark', 'here'));
  connection.receive(message('tab-2/mark', 'elsewhere'));
  expect(told).toEqual(['here']);
});

test('what a page is given keeps its holes', () => {
  expect(localValue([{ a: 1, b: undefined }, null, 'c'])).toEqual({
    type: 'array',
    value: [
      {
        type: 'object',
        value: [
          ['a', { type: 'number', value: 1 }],
          ['b', { type: 'undefined' }],
        ],
      },
      { type: 'null' },
      { type: 'string', value: 'c' },
    ],
  });
});
