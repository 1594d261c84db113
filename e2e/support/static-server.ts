// A static host as simple as they come: files from one folder under one path, and none of the headers that isolate a page.

import { createReadStream, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { extname, join, normalize } from 'node:path';

/** Others are application/octet-stream. */
const types: Record<string, string> = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.map': 'application/json',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
};

/** First and last byte of `Range: bytes=first-last`, RFC 9110 section 14.1.2, a single range; undefined if there is none. */
function readRange(header: string | undefined, size: number): { start: number; end: number } | undefined {
  const match = /^bytes=(\d+)-(\d*)$/.exec(header ?? '');
  if (match === null) return undefined;
  const start = Number(match[1]);
  const end = match[2] === '' ? size - 1 : Math.min(Number(match[2]), size - 1);
  return start <= end ? { start, end } : undefined;
}

function answer(folder: string, base: string, request: IncomingMessage, response: ServerResponse): void {
  const { pathname } = new URL(request.url ?? '/', 'http://localhost');
  if (!pathname.startsWith(base)) return void response.writeHead(404).end();
  const below = normalize(decodeURIComponent(pathname.slice(base.length)));
  const file = join(folder, below.endsWith('/') || below === '.' ? join(below, 'index.html') : below);
  const stats = statSync(file, { throwIfNoEntry: false });
  if (!file.startsWith(folder) || stats?.isFile() !== true) return void response.writeHead(404).end();

  const headers = { 'Content-Type': types[extname(file)] ?? 'application/octet-stream', 'Accept-Ranges': 'bytes' };
  const range = readRange(request.headers.range, stats.size);
  if (range === undefined) response.writeHead(200, { ...headers, 'Content-Length': stats.size });
  else {
    response.writeHead(206, {
      ...headers,
      'Content-Length': range.end - range.start + 1,
      'Content-Range': `bytes ${range.start}-${range.end}/${stats.size}`,
    });
  }
  if (request.method === 'HEAD') response.end();
  else createReadStream(file, range).pipe(response);
}

/** Serves `folder` below `base`, which begins and ends with a slash, on a port of localhost. */
export function serveStatic(folder: string, base: string, port: number): Promise<Server> {
  const server = createServer((request, response) => answer(folder, base, request, response));
  return new Promise((resolve, reject) => {
    server.on('error', reject);
    server.listen(port, 'localhost', () => resolve(server));
  });
}
