import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a server answers to one request. */
export type Behaviour = (request: IncomingMessage, response: ServerResponse) => void;

/** A server on this machine that behaves as told, request by request; the last behaviour goes on for ever. */
export class FileServer {
  readonly #behaviours: Behaviour[];
  readonly #server = createServer((request, response) => {
    this.requests.push(request);
    const behaviour = this.#behaviours.length > 1 ? this.#behaviours.shift() : this.#behaviours[0];
    behaviour?.(request, response);
  });
  readonly requests: IncomingMessage[] = [];

  constructor(...behaviours: Behaviour[]) {
    this.#behaviours = behaviours;
  }

  async listen(): Promise<URL> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return new URL(`http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** Serves a file whole, whatever is asked. */
export const whole =
  (data: Uint8Array): Behaviour =>
  (_request, response) =>
    void response.writeHead(200, { 'content-length': data.length }).end(data);

/** Serves a file from where it is asked to. */
export const ranged =
  (data: Uint8Array): Behaviour =>
  (request, response) => {
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    if (from === 0) return whole(data)(request, response);
    const range = `bytes ${from}-${data.length - 1}/${data.length}`;
    response.writeHead(206, { 'content-range': range, 'content-length': data.length - from }).end(data.subarray(from));
  };

/** Begins to serve a file, and loses the connection after so many bytes. */
export const cutAfter =
  (data: Uint8Array, bytes: number): Behaviour =>
  (_request, response) => {
    response.writeHead(200, { 'content-length': data.length });
    // Later, or what was written is lost as well.
    response.write(data.subarray(0, bytes), () => setTimeout(() => response.destroy(), 20));
  };

/** Begins to serve a file, and says no more. */
export const silentAfter =
  (data: Uint8Array, bytes: number): Behaviour =>
  (_request, response) => {
    response.writeHead(200, { 'content-length': data.length });
    response.write(data.subarray(0, bytes));
  };

export const status =
  (code: number): Behaviour =>
  (_request, response) =>
    void response.writeHead(code).end();
