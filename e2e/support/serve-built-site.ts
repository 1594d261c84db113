// Builds the site and serves it below /some/folder/ without any header: node --import tsx serve-built-site.ts PORT

import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { serveStatic } from './static-server.ts';
import { temporaryFolder } from './temporary-folder.ts';

const folder = temporaryFolder();
await build({
  configFile: fileURLToPath(new URL('../../vite.config.ts', import.meta.url)),
  build: { outDir: folder },
  logLevel: 'warn',
});
await serveStatic(folder, '/some/folder/', Number(process.argv[2]));
