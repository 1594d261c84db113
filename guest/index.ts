import { makeImages, type Images, type PrepareOptions } from './build.ts';

export type { Images, PrepareOptions } from './build.ts';
export { createRenderer, formatProgress, type Progress } from './progress.ts';
export { ImageError, type ImageErrorCode } from './errors.ts';

/**
 * Makes the guest images that the page and the runner start from, and returns where they are.
 * @throws ImageError with a message for a person; or the signal's reason
 */
export async function prepareImages(options: PrepareOptions): Promise<Images> {
  return makeImages(options);
}
