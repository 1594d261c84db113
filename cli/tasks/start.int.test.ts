import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { get as getHttp, type IncomingHttpHeaders } from 'node:http';
import { get as getHttps } from 'node:https';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { freePort } from './free-port.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const servers: ChildProcess[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) {
    if (server.exitCode !== null) continue;
    server.kill('SIGTERM');
    await once(server, 'exit');
  }
});

/** Starts the task and resolves to the first URL that it prints. */
function start(...args: string[]): Promise<string> {
  const child = spawn(process.execPath, ['cli/tasks/bootstrap.mjs', 'start', ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  servers.push(child);
  return new Promise((resolve, reject) => {
    let output = '';
    const read = (bytes: Buffer): void => {
      output += bytes.toString();
      const url = /tabhyve is at (\S+)\n/.exec(output)?.[1];
      if (url !== undefined) resolve(url);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.on('close', () => reject(new Error(`npm start ended: ${output}`)));
  });
}

/** The headers of a page; its certificate is our own. */
function headersOf(url: string): Promise<IncomingHttpHeaders> {
  return new Promise((resolve, reject) => {
    const request = url.startsWith('https:') ? getHttps(url, { rejectUnauthorized: false }) : getHttp(url);
    request.on('error', reject).on('response', (response) => {
      response.destroy();
      resolve(response.headers);
    });
  });
}

const isolating = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
};

test('serves the page isolated, on the port that was asked for', async () => {
  const port = await freePort();
  const url = await start('--port', String(port));
  expect(url).toBe(`http://localhost:${port}/`);
  expect(await headersOf(url)).toMatchObject(isolating);
});

test('serves a local network over https', async () => {
  const port = await freePort();
  const url = await start('--https', '--port', String(port));
  expect(url).toBe(`https://localhost:${port}/`);
  expect(await headersOf(url)).toMatchObject(isolating);
});

test('a port that is taken is an error that names it', async () => {
  const port = await freePort();
  await start('--port', String(port));
  await expect(start('--port', String(port))).rejects.toThrow(String(port));
});
