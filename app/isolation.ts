/**
 * - `isolated`: the page has shared memory.
 * - `reloading`: the service worker is ready and the page is being reloaded through it; draw nothing.
 * - `unavailable`: the page stays without shared memory.
 */
export type Isolation = 'isolated' | 'reloading' | 'unavailable';

/** Set for the one reload, so that a browser that stays without isolation is not reloaded for ever. */
const reloadedKey = 'tabhyve.isolation.reloaded';

/** For how many milliseconds the page waits for the service worker: one that may not run is never ready. */
const PATIENCE = 3_000;

/**
 * Makes the page cross-origin isolated on a server that does not send the headers, by a service worker that adds them
 * (service-worker/isolation.worker.ts). The worker rules a page from its next load on, so the page is reloaded once.
 */
export async function isolatePage(): Promise<Isolation> {
  if (crossOriginIsolated) {
    sessionStorage.removeItem(reloadedKey);
    return 'isolated';
  }
  if (!isSecureContext || !('serviceWorker' in navigator) || sessionStorage.getItem(reloadedKey) !== null) {
    return 'unavailable';
  }
  try {
    await navigator.serviceWorker.register(new URL('isolation.worker.js', document.baseURI));
    const tooLate = new Promise<never>((_, reject) => {
      setTimeout(() => reject(new Error(`it was not ready after ${PATIENCE} ms`)), PATIENCE);
    });
    await Promise.race([navigator.serviceWorker.ready, tooLate]);
  } catch (error) {
    console.warn('The service worker that isolates the page did not start:', error);
    return 'unavailable';
  }
  sessionStorage.setItem(reloadedKey, 'yes');
  location.reload();
  return 'reloading';
}
