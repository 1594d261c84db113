import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A new folder that is removed when this process ends, by itself or by a signal. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tabhyve-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(0));
  return folder;
}
