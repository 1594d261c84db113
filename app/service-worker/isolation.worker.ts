// Adds the headers that make a page cross-origin isolated, for static hosts that cannot send them.
//
// Service Workers, https://w3c.github.io/ServiceWorker/ and Cross-Origin-Embedder-Policy in
// https://html.spec.whatwg.org/#coep. It has no state and keeps no cache: each request goes to the network as it came.

declare const self: ServiceWorkerGlobalScope;

self.addEventListener('install', () => void self.skipWaiting());
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));

self.addEventListener('fetch', (event) => {
  const { request } = event;
  if (new URL(request.url).origin !== self.location.origin) return;
  // Chromium asks for this pair when the developer tools are open, and fetch() refuses it.
  if (request.cache === 'only-if-cached' && request.mode !== 'same-origin') return;
  event.respondWith(fetch(request).then(isolated));
});

/** The same response with the headers; opaque and failed ones, which allow no change, as they are. */
function isolated(response: Response): Response {
  if (response.type === 'opaque' || response.type === 'opaqueredirect' || response.status === 0) return response;
  const headers = new Headers(response.headers);
  headers.set('Cross-Origin-Opener-Policy', 'same-origin');
  headers.set('Cross-Origin-Embedder-Policy', 'require-corp');
  headers.set('Cross-Origin-Resource-Policy', 'same-origin');
  const { status, statusText } = response;
  const bodyless = status === 204 || status === 205 || status === 304;
  return new Response(bodyless ? null : response.body, { status, statusText, headers });
}
