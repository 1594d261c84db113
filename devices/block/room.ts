import { BlockError } from './backend.ts';

/** Does it once more if it met a full quota, and `makeRoom` has freed what matters less than a disk. */
export async function withRoom<T>(action: () => Promise<T>, makeRoom?: () => Promise<boolean>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    const isFull = error instanceof BlockError && error.reason === 'quota';
    if (!isFull || !(await makeRoom?.())) throw error;
    return action();
  }
}
