import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { get } from './http.ts';
import { FileServer, whole, type Behaviour } from './testing/file-server.ts';

const servers: { close(): unknown }[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});
async function serve(...behaviours: Behaviour[]): Promise<{ url: URL; server: FileServer }> {
  const server = new FileServer(...behaviours);
  servers.push(server);
  return { url: await server.listen(), server };
}
async function textOf(url: URL, options: Parameters<typeof get>[1] = {}): Promise<string> {
  const { body } = await get(url, options);
  const chunks: Buffer[] = [];
  for await (const chunk of body as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
const redirect =
  (location: string): Behaviour =>
  (_request, response) =>
    void response.writeHead(302, { location }).end();

describe('get', () => {
  it('follows redirects, and not for ever', async () => {
    const { url } = await serve(redirect('/there'), whole(Buffer.from('here')));
    expect(await textOf(url)).toBe('here');
    await expect(get((await serve(redirect('/again'))).url)).rejects.toThrow(/redirects/);
    await expect(get((await serve(redirect('file:///etc/passwd'))).url)).rejects.toThrow(/redirected to file:/);
  });

  it('asks a proxy for the whole address', async () => {
    const { url, server } = await serve(whole(Buffer.from('by proxy')));
    url.username = 'user';
    url.password = 'p%20w';
    expect(await textOf(new URL('http://mirror.test/debian/x'), { proxy: () => url })).toBe('by proxy');
    expect(server.requests[0]?.url).toBe('http://mirror.test/debian/x');
    expect(server.requests[0]?.headers).toMatchObject({
      host: 'mirror.test',
      'proxy-authorization': `Basic ${Buffer.from('user:p w').toString('base64')}`,
    });
  });

  it('asks a proxy for a tunnel to an https address', async () => {
    const asked: (string | undefined)[] = [];
    const proxy: Server = createServer().on('connect', (request, socket) => {
      asked.push(request.url);
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    });
    servers.push(proxy);
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const via = new URL(`http://127.0.0.1:${(proxy.address() as AddressInfo).port}`);
    await expect(get(new URL('https://mirror.test/x'), { proxy: () => via })).rejects.toThrow(/proxy answered 403/);
    expect(asked).toEqual(['mirror.test:443']);
  });

  it('gives up on silence', async () => {
    const { url } = await serve(() => undefined);
    await expect(get(url, { silence: 50 })).rejects.toThrow(/no data for 0.05 s/);
  });

  it('is not begun when it is cancelled already', async () => {
    await expect(get(new URL('http://mirror.test/'), { signal: AbortSignal.abort(new Error('no')) })).rejects.toThrow(
      'no',
    );
  });
});
