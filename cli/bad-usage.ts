/** A call that the usage text does not allow. The message says what to do. */
export class BadUsage extends Error {
  override readonly name = 'BadUsage';
}

/** A file that was named cannot be used; the message says which and why. */
export class FileError extends Error {
  override readonly name = 'FileError';
}
