/** What a qcow2 image begins with, apart from all else that is known of it, which few machines need. */

/** "QFI\xfb". */
export const MAGIC = 0x5146_49fb;

/** Bytes of a file that {@link isQcow2} looks at. */
export const MAGIC_BYTES = 4;

/** Whether a file that begins so is a qcow2 image. */
export function isQcow2({ buffer, byteOffset, length }: Uint8Array): boolean {
  return length >= MAGIC_BYTES && new DataView(buffer, byteOffset, length).getUint32(0) === MAGIC;
}
