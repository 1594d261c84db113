/** The compiler's thread in the page. */
import { runCompiler, type CompilerInit } from './compiler-loop.ts';

self.onmessage = ({ data }: MessageEvent<{ init: CompilerInit; ports: readonly MessagePort[] }>) => {
  runCompiler(
    data.init,
    data.ports.map((port) => (message) => port.postMessage(message)),
  );
};
