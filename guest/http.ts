import { request as httpRequest, type ClientRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import { connect as tlsConnect } from 'node:tls';

/** An answer whose body has not been read yet. The caller reads it to its end or destroys it. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: IncomingMessage;
}

export interface GetOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** How long the other side may be silent, in milliseconds. */
  readonly silence?: number;
  /** The proxy for an address. */
  readonly proxy?: (url: URL) => URL | undefined;
}

const MOST_REDIRECTS = 5;

/**
 * GET over HTTP(S), through a proxy if there is one, following redirects. Node's fetch would do, but Node 20's knows no
 * proxy, and it does not say when a connection has gone silent.
 */
export async function get(url: URL, options: GetOptions = {}): Promise<Answer> {
  for (let redirects = 0; ; redirects++) {
    const answer = await getOnce(url, options);
    const { location } = answer.headers;
    if (answer.status < 300 || answer.status > 399 || location === undefined) return answer;
    answer.body.destroy();
    if (redirects === MOST_REDIRECTS) throw new Error(`more than ${MOST_REDIRECTS} redirects`);
    url = new URL(location, url);
    if (!/^https?:$/.test(url.protocol)) throw new Error(`redirected to ${url.protocol}`);
  }
}

async function getOnce(url: URL, { headers, signal, silence = 30_000, proxy }: GetOptions): Promise<Answer> {
  signal?.throwIfAborted();
  const common = { headers: { 'user-agent': 'tabhyve', accept: '*/*', ...headers }, signal, agent: false as const };
  const via = proxy?.(url);
  let request: ClientRequest;
  if (via === undefined) {
    request = url.protocol === 'https:' ? httpsRequest(url, common) : httpRequest(url, common);
  } else if (url.protocol === 'http:') {
    request = httpRequest({
      ...common,
      ...addressOf(via),
      path: url.href,
      headers: { host: url.host, ...common.headers, ...authorization(via) },
    });
  } else {
    const socket = await tunnel(url, via, silence, signal);
    request = httpsRequest(url, {
      ...common,
      createConnection: () => tlsConnect({ socket, servername: url.hostname }),
    });
  }
  return new Promise((resolve, reject) => {
    request.setTimeout(silence, () => request.destroy(new Error(`no data for ${silence / 1000} s`)));
    request.on('error', reject);
    request.on('response', (body) => resolve({ status: body.statusCode ?? 0, headers: body.headers, body }));
    request.end();
  });
}

/** A connection to the host of an https address, made by a proxy (RFC 9110, section 9.3.6, CONNECT). */
function tunnel(url: URL, via: URL, silence: number, signal: AbortSignal | undefined): Promise<Socket> {
  const host = `${url.hostname}:${url.port === '' ? 443 : url.port}`;
  return new Promise((resolve, reject) => {
    const headers = { host, ...authorization(via) };
    const request = httpRequest({ ...addressOf(via), method: 'CONNECT', path: host, headers, signal });
    request.setTimeout(silence, () => request.destroy(new Error(`the proxy is silent for ${silence / 1000} s`)));
    request.on('error', reject);
    request.on('connect', (answer, socket: Socket) => {
      if (answer.statusCode === 200) return resolve(socket);
      socket.destroy();
      reject(new Error(`the proxy answered ${answer.statusCode ?? 'nothing'}`));
    });
    request.end();
  });
}

function addressOf(proxy: URL): { host: string; port: string } {
  return { host: proxy.hostname, port: proxy.port === '' ? '80' : proxy.port };
}

function authorization(proxy: URL): Record<string, string> {
  if (proxy.username === '') return {};
  const credentials = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(credentials).toString('base64')}` };
}
