/**
 * What was wrong with an image, for a program:
 *
 * - `format`: it is in a format, or uses a feature of one, that is not read here;
 * - `damaged`: it contradicts itself or its format;
 * - `read`, `write`: the host failed;
 * - `limit`: it is larger than what can be handled.
 */
export type ImageErrorReason = 'format' | 'damaged' | 'read' | 'write' | 'limit';

/** An image cannot be read or written. The message is for the person: what is wrong and what to do. */
export class ImageError extends Error {
  override readonly name = 'ImageError';
  readonly reason: ImageErrorReason;

  constructor(reason: ImageErrorReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

/** An image that contradicts its format. `what` is a sentence. */
export function damaged(what: string, options?: ErrorOptions): ImageError {
  const advice = 'The image is damaged: fetch or make it again.';
  return new ImageError('damaged', `${what} ${advice}`, options);
}
