// Vite's development server as `npm start` has it: node --import tsx serve-development.ts PORT
//
// With a cache of its own: runs that go on at once would write each other's. Without watching for changes: a file that is
// edited during a run must not reload the page under test.

import { fileURLToPath } from 'node:url';
import { createServer } from 'vite';
import { temporaryFolder } from './temporary-folder.ts';

const server = await createServer({
  configFile: fileURLToPath(new URL('../../vite.config.ts', import.meta.url)),
  cacheDir: temporaryFolder(),
  logLevel: 'warn',
  server: { port: Number(process.argv[2]), strictPort: true, hmr: false, watch: null },
});
await server.listen();
