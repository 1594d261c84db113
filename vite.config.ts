import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

/** Shared memory exists in cross-origin isolated pages alone: https://html.spec.whatwg.org/#cross-origin-isolation */
const headers = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

export default defineConfig({
  root: path('app'),
  // Relative, so that the built site works from any path of any server.
  base: './',
  publicDir: path('public'),
  cacheDir: path('node_modules/.vite'),
  plugins: [react()],
  server: {
    headers,
    fs: { allow: [path('.')] },
    watch: { ignored: ['**/public/guest/**', '**/.cache/**', '**/test-results/**', '**/dist/**'] },
  },
  preview: { headers },
  worker: { format: 'es' },
  optimizeDeps: {
    // Named here, since a dependency that is found late, in a worker say, makes the development server reload the page.
    include: [
      'react',
      'react-dom/client',
      'react/jsx-runtime',
      'react/jsx-dev-runtime',
      '@xterm/xterm',
      '@xterm/addon-fit',
      '@xterm/addon-search',
      '@xterm/addon-unicode11',
      '@xterm/addon-web-links',
      '@xterm/addon-webgl',
      '@hpcc-js/wasm-zstd',
      'comlink',
      'fflate',
      'fzstd',
      'idb-keyval',
      'zstddec/stream',
    ],
  },
  build: {
    outDir: path('dist'),
    emptyOutDir: true,
    target: 'es2022',
    sourcemap: true,
    rolldownOptions: {
      input: { index: path('app/index.html'), isolation: path('app/service-worker/isolation.worker.ts') },
      output: {
        // A service worker is found by its name and may only rule the folder it lies in.
        entryFileNames: (chunk) => (chunk.name === 'isolation' ? 'isolation.worker.js' : 'assets/[name]-[hash].js'),
      },
    },
  },
});
