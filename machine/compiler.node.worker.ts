/** The compiler's thread in Node. */
import { parentPort, type MessagePort } from 'node:worker_threads';
import { runCompiler, type CompilerInit } from './compiler-loop.ts';

parentPort?.once('message', ({ init, ports }: { init: CompilerInit; ports: readonly MessagePort[] }) => {
  void runCompiler(
    init,
    ports.map((port) => (message) => port.postMessage(message)),
    (pages) => parentPort?.postMessage(pages),
  );
});
