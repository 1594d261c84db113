/** Files that a person names. */
import { readFile, writeFile } from 'node:fs/promises';
import { FileError } from '../bad-usage.ts';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EISDIR: 'that is a folder',
  EACCES: 'its permissions forbid it',
  EROFS: 'its file system is read-only',
  ENOSPC: 'there is no room left',
  ERR_FS_FILE_TOO_LARGE: 'it is too large',
};

function fileError(doing: string, path: string, error: unknown): FileError {
  const { code = '', message } = error as NodeJS.ErrnoException;
  return new FileError(`cannot ${doing} ${path}: ${REASONS[code] ?? message}`, { cause: error });
}

/** `role` is what the file was given as, such as `kernel`. */
export async function readNamed(path: string, role: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw fileError(`read the ${role}`, path, error);
  }
}

export async function writeNamed(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text);
  } catch (error) {
    throw fileError('write', path, error);
  }
}
