/** The compiler's thread in the page. */
import { runCompiler, type CompilerInit } from './compiler-loop.ts';
import { receiveFrom } from './requested-thread.ts';

interface Start {
  readonly init: CompilerInit;
  /** To each hart. */
  readonly ports: readonly MessagePort[];
}

self.onmessage = (event: MessageEvent<MessagePort>) => {
  receiveFrom(event, ({ init, ports }: Start, port) => {
    // What is thrown is the page's to know, as if it were not thrown in a promise.
    runCompiler(
      init,
      ports.map((hart) => (message) => hart.postMessage(message)),
      (pages) => port.postMessage(pages),
    ).catch(reportError);
  });
};
