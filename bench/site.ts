/** Pages of the benchmark, built and served as a site that isolates them. */
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, preview } from 'vite';

export interface Site {
  readonly origin: string;
  close(): Promise<void>;
}

/**
 * @param page a folder with an index.html, relative to this file's
 * @param outDir where it is built, which is made anew
 * @param files what else the site has, by name: paths of files or folders
 */
export async function serve(page: string, outDir: string, files: Readonly<Record<string, string>>): Promise<Site> {
  const root = fileURLToPath(new URL(page, import.meta.url));
  const config = { configFile: false, root, logLevel: 'error', worker: { format: 'es' } } as const;
  await build({ ...config, base: './', publicDir: false, build: { outDir, target: 'es2022', emptyOutDir: true } });
  for (const [name, path] of Object.entries(files)) symlinkSync(path, join(outDir, name));
  const headers = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };
  const server = await preview({ ...config, build: { outDir }, preview: { port: 0, headers } });
  return { origin: server.resolvedUrls?.local[0] ?? '', close: () => server.close() };
}
