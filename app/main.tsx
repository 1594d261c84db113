import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './App.tsx';
import { isolatePage } from './isolation.ts';
import { readSupport } from './support.ts';

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no element with the id "root"');

if ((await isolatePage()) !== 'reloading') {
  createRoot(root).render(
    <StrictMode>
      <App support={readSupport(globalThis)} />
    </StrictMode>,
  );
}
