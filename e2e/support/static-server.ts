// A static host as simple as they come: files from one folder under one path, and none of the headers that isolate a page.

import { createReadStream, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { pipeline } from 'node:stream';

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

export interface StaticOptions {
  /** Lets pages of every origin read the files (CORS); they see what Fetch lets them see, and nothing exposed besides. */
  readonly forAll?: boolean;
  /** Knows no ranges: sends files whole, as the simplest servers do. */
  readonly wholeOnly?: boolean;
}

type Range = { readonly start: number; readonly end: number };

/**
 * First and last byte of `Range`, RFC 9110 section 14.1.2, a single range; undefined if there is none that is known here, and
 * 'beyond' if it begins behind the end.
 */
function readRange(header: string | undefined, size: number): Range | 'beyond' | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (match === null || match[1] + match[2] === '') return undefined;
  const last = match[2] === '' ? Infinity : Number(match[2]);
  const start = match[1] === '' ? Math.max(0, size - last) : Number(match[1]);
  const end = match[1] === '' ? size - 1 : Math.min(last, size - 1);
  return start < size && start <= end ? { start, end } : 'beyond';
}

function answer(
  folder: string,
  base: string,
  { forAll = false, wholeOnly = false }: StaticOptions,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  if (forAll) response.setHeader('Access-Control-Allow-Origin', '*');
  const { pathname } = new URL(request.url ?? '/', 'http://localhost');
  if (!pathname.startsWith(base)) return void response.writeHead(404).end();
  const below = normalize(decodeURIComponent(pathname.slice(base.length)));
  const file = join(folder, below.endsWith('/') || below === '.' ? join(below, 'index.html') : below);
  const stats = statSync(file, { throwIfNoEntry: false });
  if (!file.startsWith(folder) || stats?.isFile() !== true) return void response.writeHead(404).end();

  const headers = {
    'Content-Type': types[extname(file)] ?? 'application/octet-stream',
    'Last-Modified': stats.mtime.toUTCString(),
    ETag: `"${stats.size.toString(16)}-${Math.round(stats.mtimeMs).toString(16)}"`,
    ...(!wholeOnly && { 'Accept-Ranges': 'bytes' }),
  };
  const range = wholeOnly ? undefined : readRange(request.headers.range, stats.size);
  if (range === 'beyond') {
    return void response.writeHead(416, { ...headers, 'Content-Range': `bytes */${stats.size}` }).end();
  }
  if (range === undefined) response.writeHead(200, { ...headers, 'Content-Length': stats.size });
  else {
    response.writeHead(206, {
      ...headers,
      'Content-Length': range.end - range.start + 1,
      'Content-Range': `bytes ${range.start}-${range.end}/${stats.size}`,
    });
  }
  if (request.method === 'HEAD') response.end();
  // Whoever goes away before the end is not waited for.
  else pipeline(createReadStream(file, range), response, () => undefined);
}

/** Serves `folder` below `base`, which begins and ends with a slash, on a port of localhost; 0 is any that is free. */
export function serveStatic(folder: string, base: string, port: number, options: StaticOptions = {}): Promise<Server> {
  const server = createServer((request, response) => answer(folder, base, options, request, response));
  return new Promise((resolve, reject) => {
    server.on('error', reject);
    server.listen(port, 'localhost', () => resolve(server));
  });
}
