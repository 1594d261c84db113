/** A hart's thread in Node. */
import { parentPort, receiveMessageOnPort, type MessagePort } from 'node:worker_threads';
import type { CodeMessage } from './compiler-loop.ts';
import type { ReceiveCode } from './hart-loop.ts';
import { runHartThread } from './hart-thread.ts';
import type { HartInit } from './threads.ts';

interface Start {
  readonly init: HartInit;
  readonly port: MessagePort;
  readonly codePort: MessagePort;
}

/**
 * Messages are in the port before they are counted as posted. Node would free no module if the thread's tasks never ran:
 * see compiler-loop.ts.
 */
const receiveFrom =
  (port: MessagePort): ReceiveCode =>
  async (count) => {
    await new Promise((resolve) => setImmediate(resolve));
    return Array.from({ length: count }, () => receiveMessageOnPort(port)?.message as CodeMessage);
  };

parentPort?.once('message', ({ init, port, codePort }: Start) => {
  void runHartThread(init, receiveFrom(codePort), port);
});
