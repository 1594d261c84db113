import './styles/index.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './App.tsx';
import { isolatePage } from './isolation.ts';
import { startHost } from './machine/host.ts';
import { Session } from './machine/session.ts';
import { Unsupported } from './panels/Unsupported.tsx';
import { readSupport } from './support.ts';

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no element with the id "root"');

if ((await isolatePage()) !== 'reloading') {
  const support = readSupport(globalThis);
  const canRun = support.every((feature) => feature.present);
  createRoot(root).render(
    <StrictMode>{canRun ? <App session={new Session(startHost)} /> : <Unsupported support={support} />}</StrictMode>,
  );
}
