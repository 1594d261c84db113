/**
 * Chromium keeps the databases of an origin in one LevelDB, which one process at a time may open. One that crashed, or a
 * session that was just ended, may hold it for seconds after the next browser has started; until then whoever asks for
 * a database gets an `UnknownError`, and so does who asks which there are.
 */

/** How long to go on asking, in milliseconds: such a process is reported to take up to 15 s to end. */
const PATIENCE = 20_000;
const FIRST_PAUSE = 50;
const PAUSE_MAX = 1_000;

/** Calls it until it does not reject with an `UnknownError`, or has done so for too long. */
export async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  const end = performance.now() + PATIENCE;
  for (let pause = FIRST_PAUSE; ; pause = Math.min(2 * pause, PAUSE_MAX)) {
    try {
      return await ask();
    } catch (error) {
      if (!isUnknown(error) || performance.now() >= end) throw error;
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
}

/** `DOMException` is no subclass of `Error` in every engine. */
export function isUnknown(error: unknown): boolean {
  return (error instanceof DOMException || error instanceof Error) && error.name === 'UnknownError';
}
