/** A hart's thread in the page. */
import type { WakePort } from '../core/shared/doorbell.ts';
import type { CodeMessage } from './compiler-loop.ts';
import type { ReceiveCode } from './hart-loop.ts';
import { runHartThread } from './hart-thread.ts';
import { receiveFrom, unreadable } from './requested-thread.ts';
import type { HartInit } from './threads.ts';

interface Start {
  readonly init: HartInit;
  readonly codePort: MessagePort;
  readonly port?: WakePort;
}

/** A worker receives messages only while it runs nothing. */
function receiveCodeFrom(port: MessagePort): ReceiveCode {
  const waiting: CodeMessage[] = [];
  let wake = (): void => undefined;
  port.onmessageerror = () => reportError(unreadable());
  port.onmessage = ({ data }: MessageEvent<CodeMessage>) => {
    waiting.push(data);
    wake();
  };
  return async (count) => {
    while (waiting.length < count) await new Promise<void>((resolve) => (wake = resolve));
    return waiting.splice(0, count);
  };
}

self.onmessage = (event: MessageEvent<MessagePort>) => {
  receiveFrom(event, ({ init, codePort, port }: Start) => {
    // What is thrown is the page's to know, as if it were not thrown in a promise.
    runHartThread(init, receiveCodeFrom(codePort), port).catch(reportError);
  });
};
