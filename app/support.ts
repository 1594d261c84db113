/** One thing that the machine needs of the browser. */
export interface Support {
  readonly name: string;
  readonly present: boolean;
  /** What it is for: ends the sentence "The machine needs it for …". */
  readonly purpose: string;
  /** What the person can do when it is missing: whole sentences. */
  readonly remedy: string;
}

/** What `readSupport` looks at; the page passes its own `globalThis`. */
export interface Browser {
  readonly isSecureContext: boolean;
  readonly crossOriginIsolated: boolean;
}

const UPDATE = 'Update this browser: Chrome, Edge, Firefox and Safari have had it since 2023.';

/** Lists what the machine needs of the browser, in the order in which a person should mend it. */
export function readSupport(browser: Browser): readonly Support[] {
  return [
    {
      name: 'A secure context',
      present: browser.isSecureContext,
      purpose: 'everything below: browsers give it to https:// and localhost alone',
      remedy: 'Open the page over https://, or on localhost. `npm start -- --https` serves a local network.',
    },
    {
      name: 'SharedArrayBuffer',
      present: browser.crossOriginIsolated && 'SharedArrayBuffer' in browser,
      purpose: "the guest's memory, which its processors and devices share",
      remedy:
        'Reload the page once. If that does not help, the server must send the headers ' +
        '"Cross-Origin-Opener-Policy: same-origin" and "Cross-Origin-Embedder-Policy: require-corp", ' +
        'or this browser must let the page have a service worker (private windows often do not).',
    },
    {
      name: 'IndexedDB',
      present: 'indexedDB' in browser,
      purpose: 'the disk',
      remedy: 'Leave private browsing, or allow this site to store data.',
    },
    {
      name: 'WebAssembly with threads',
      present: 'WebAssembly' in browser && 'Atomics' in browser,
      purpose: "the guest's processors",
      remedy: `${UPDATE} Some browsers switch it off in a "lockdown" or "strict" mode: make an exception for this site.`,
    },
    {
      name: 'Workers',
      present: 'Worker' in browser && 'MessageChannel' in browser,
      purpose: "the guest's processors and devices, each on a thread of its own",
      remedy: UPDATE,
    },
  ];
}
