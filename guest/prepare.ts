// node --import tsx guest/prepare.ts [--lock]: prepares the guest images and prints where they are, as JSON; or writes their lock file anew.

import { createRenderer, ImageError, prepareImages, relock } from './index.ts';

const renderer = createRenderer(process.stderr);
const stop = new AbortController();
process.once('SIGINT', () => stop.abort(new Error('interrupted')));

try {
  const options = { log: renderer.log, progress: renderer.progress, signal: stop.signal };
  if (process.argv.includes('--lock')) await relock(options);
  else process.stdout.write(`${JSON.stringify(await prepareImages(options))}\n`);
} catch (error) {
  renderer.end();
  if (!(error instanceof ImageError) && !stop.signal.aborted) throw error;
  process.stderr.write(`tabhyve: ${(error as Error).message}\n`);
  process.exitCode = 1;
} finally {
  renderer.end();
}
