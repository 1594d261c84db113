/** One thing that the machine needs of the browser. */
export interface Support {
  readonly name: string;
  readonly present: boolean;
  /** What the person can do when it is missing: whole sentences. */
  readonly remedy: string;
}

/** What `readSupport` looks at; the page passes its own `globalThis`. */
export interface Browser {
  readonly isSecureContext: boolean;
  readonly crossOriginIsolated: boolean;
}

/** Lists what the machine needs of the browser, in the order in which a person should mend it. */
export function readSupport(browser: Browser): readonly Support[] {
  return [
    {
      name: 'A secure context',
      present: browser.isSecureContext,
      remedy: 'Open the page over https://, or on localhost. `npm start -- --https` serves a local network.',
    },
    {
      name: 'SharedArrayBuffer',
      present: browser.crossOriginIsolated && 'SharedArrayBuffer' in browser,
      remedy:
        'Reload the page once. If that does not help, the server must send the headers ' +
        '"Cross-Origin-Opener-Policy: same-origin" and "Cross-Origin-Embedder-Policy: require-corp".',
    },
    {
      name: 'IndexedDB',
      present: 'indexedDB' in browser,
      remedy: 'Leave private browsing, or allow this site to store data.',
    },
  ];
}
