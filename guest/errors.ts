/** What went wrong while images were prepared, for a program; the message says it for a person, with what to do. */
export type ImageErrorCode =
  /** No Debian mirror is known: apt has no Debian archive, and TABHYVE_DEBIAN_MIRROR is not set. */
  | 'no-mirror'
  /** A program of the host is missing: gpgv, mkfs.ext4 or debugfs. */
  | 'no-tool'
  /** Debian's archive keyring is missing. */
  | 'no-keyring'
  /** The archive's index is not signed by a key of the keyring, or has expired. */
  | 'bad-signature'
  /** A file is not the one that the signed index, or the lock file, names. */
  | 'bad-hash'
  /** The mirror could not be reached, or stopped answering. */
  | 'unreachable'
  /** The mirror does not have a file. */
  | 'not-found'
  /** A package, an archive or a kernel module is not well-formed, or has something that the recipes do not expect. */
  | 'bad-archive'
  /** The suite has no package of that name. */
  | 'no-package'
  /** A program of the host failed; its own message is part of this one. */
  | 'tool-failed';

/** Images could not be prepared. A cancelled preparation throws the AbortSignal's reason instead. */
export class ImageError extends Error {
  override readonly name = 'ImageError';
  readonly code: ImageErrorCode;

  constructor(code: ImageErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The message of anything that was thrown, with the innermost cause, where Node hides the useful part. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message} (${reasonOf(error.cause)})`;
}
