// The import rules: which folder may import which, and which names stand in one folder alone. `npm run lint` runs them.
//
//     app, cli, bench, e2e ──▶ machine ──▶ core, devices, devices/image    devices ──▶ core/shared    nothing points back
//
// Tests (`*.test.ts`, `*.fuzz.ts`, `testing/`) may import, besides, all that stands below their layer, and any package;
// integration tests (`*.int.test.ts`), which put the whole together, anything.

import { isBuiltin } from 'node:module';
import { dirname, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * @typedef {object} Layer
 * @property {string[]} imports other layers that its files may import
 * @property {string[]} packages npm packages that its files may import; '*' is any
 * @property {boolean} [node] whether its files may import Node's own modules
 */

/** A file belongs to the innermost of these folders: core/shared before core. @type {Record<string, Layer>} */
export const layers = {
  'core/shared': { imports: [], packages: [] },
  core: { imports: ['core/shared'], packages: [] },
  'devices/block': { imports: ['core/shared', 'devices'], packages: ['idb-keyval', 'fzstd'] },
  'devices/block/transfer': { imports: ['devices/block', 'devices/image'], packages: [] },
  'devices/image': { imports: [], packages: ['fflate', 'zstddec', '@hpcc-js/wasm-zstd'] },
  devices: { imports: ['core/shared', 'devices/block'], packages: [] },
  machine: {
    imports: ['core', 'core/shared', 'devices', 'devices/block', 'devices/block/transfer', 'devices/image'],
    packages: ['comlink', 'fzstd', 'tsx'],
  },
  app: { imports: ['machine'], packages: ['comlink', 'react', 'react-dom', '@xterm/*'] },
  guest: { imports: [], packages: ['*'], node: true },
  'guest/programs': { imports: ['core'], packages: [] },
  cli: { imports: ['machine', 'devices/image', 'guest'], packages: ['*'], node: true },
  e2e: { imports: ['machine', 'devices/image', 'guest', 'cli'], packages: ['*'], node: true },
  bench: {
    imports: ['machine', 'core', 'core/shared', 'devices', 'devices/block', 'guest', 'guest/programs', 'cli', 'e2e'],
    packages: ['*'],
    node: true,
  },
};

const root = fileURLToPath(new URL('.', import.meta.url));
const tests = ['**/*.test.{ts,tsx}', '**/*.fuzz.ts', '**/testing/**'];
const isTest = /\.(test|fuzz)\.tsx?$|(^|\/)testing\//;
const isIntegrationTest = /\.int\.test\.ts$/;

/** The layer of a path that is relative to the root, or undefined outside of all. @param {string} path */
function layerOf(path) {
  const folders = Object.keys(layers).filter((folder) => path.startsWith(`${folder}/`));
  return folders.sort((a, b) => b.length - a.length)[0];
}

/** All layers below one, and itself. @param {string} name @returns {Set<string>} */
function closureOf(name, seen = new Set([name])) {
  for (const below of layers[name]?.imports ?? []) {
    if (!seen.has(below)) closureOf(below, seen.add(below));
  }
  return seen;
}

/**
 * Says why a file may not import a module, or returns undefined if it may.
 * @param {string} path the importing file, relative to the root
 * @param {string} specifier as written in the import
 * @returns {string | undefined}
 */
export function forbids(path, specifier) {
  const from = layerOf(path);
  const layer = from === undefined ? undefined : layers[from];
  if (from === undefined || layer === undefined) return undefined;

  if (specifier.startsWith('.')) {
    const target = relative(root, resolve(root, dirname(path), specifier))
      .split(sep)
      .join('/');
    const to = layerOf(target);
    const allowed = isTest.test(path) ? closureOf(from) : new Set([from, ...layer.imports]);
    if (isTest.test(target) && !isTest.test(path)) return `only tests import tests: ${specifier}`;
    if (isIntegrationTest.test(path)) return undefined;
    return to === undefined || allowed.has(to) ? undefined : `${from}/ may not import ${to}/`;
  }
  if (isTest.test(path)) return undefined;
  if (isBuiltin(specifier)) {
    return layer.node || /\.node(\.worker)?\.ts$/.test(path)
      ? undefined
      : `${from}/ runs without Node: no ${specifier}`;
  }
  const allowed = layer.packages.some((name) =>
    name.endsWith('*')
      ? specifier.startsWith(name.slice(0, -1))
      : specifier === name || specifier.startsWith(`${name}/`),
  );
  return allowed ? undefined : `${from}/ may not import the package ${specifier}`;
}

/** @type {import('eslint').Rule.RuleModule} */
const imports = {
  meta: { type: 'problem', schema: [] },
  create(context) {
    const path = relative(root, context.filename).split(sep).join('/');
    /** @param {import('estree').Node | null | undefined} source */
    const check = (source) => {
      if (source?.type !== 'Literal' || typeof source.value !== 'string') return;
      const message = forbids(path, source.value.replace(/\?.*$/, ''));
      if (message !== undefined) context.report({ node: source, message: `${message} (layers.config.js)` });
    };
    return {
      ImportDeclaration: (node) => check(node.source),
      ExportNamedDeclaration: (node) => check(node.source),
      ExportAllDeclaration: (node) => check(node.source),
      ImportExpression: (node) => check(node.source),
      TSImportType: (/** @type {{ source: import('estree').Node }} */ node) => check(node.source),
      // new URL('./x.ts', import.meta.url): how a worker is named.
      'NewExpression[callee.name="URL"][arguments.1.object.type="MetaProperty"]': (
        /** @type {import('estree').NewExpression} */ node,
      ) => check(/** @type {import('estree').Node | undefined} */ (node.arguments[0])),
    };
  },
};

/** @param {string} object @param {string} property @param {string} message */
const property = (object, property, message) => ({ object, property, message });
/** @param {string} name @param {string} message */
const global = (name, message) => ({ name, message });

const atomics = 'Raw atomics stand in core/shared/ alone, each with its protocol.';
const database = 'Only devices/block/ calls IndexedDB.';
const shared = 'The page never touches shared memory: ask the machine worker.';
const injected = 'Clock and randomness are injected, so that a run can be repeated.';
const thread = 'Only a *.worker.ts file is the entry of a thread.';

const globals = {
  atomics: [global('Atomics', atomics)],
  database: [global('indexedDB', database)],
  shared: [global('SharedArrayBuffer', shared), global('WebAssembly', shared)],
  thread: ['self', 'postMessage', 'onmessage'].map((name) => global(name, thread)),
};
const properties = {
  atomics: [property('globalThis', 'Atomics', atomics)],
  database: ['globalThis', 'window', 'self'].map((object) => property(object, 'indexedDB', database)),
  injected: [
    property('Math', 'random', injected),
    property('Date', 'now', injected),
    property('performance', 'now', injected),
  ],
};

/**
 * @param {string[]} files
 * @param {(keyof typeof globals)[]} globalNames
 * @param {(keyof typeof properties)[]} propertyNames
 */
const restrict = (files, globalNames, propertyNames) => ({
  files,
  rules: /** @type {import('eslint').Linter.RulesRecord} */ ({
    'no-restricted-globals': ['error', ...globalNames.flatMap((name) => globals[name])],
    'no-restricted-properties': ['error', ...propertyNames.flatMap((name) => properties[name])],
  }),
});

/** @type {import('eslint').Linter.Config[]} A later entry replaces an earlier one for the files that both name. */
export default [
  {
    files: ['**/*.{ts,tsx,js,mjs}'],
    plugins: { layers: { rules: { imports } } },
    rules: {
      'layers/imports': 'error',
      'no-restricted-syntax': [
        'error',
        {
          selector:
            'NewExpression[callee.name=/^(Shared)?Worker$/] > NewExpression[callee.name="URL"] > Literal[value!=/\\.worker\\.(ts|mjs)$/]',
          message: thread,
        },
        {
          selector: 'NewExpression[callee.name=/^(Shared)?Worker$/] > Literal',
          message: 'Name the file by new URL(…, import.meta.url), which the bundler can follow.',
        },
      ],
    },
  },
  restrict(['core/**'], ['atomics', 'database', 'thread'], ['atomics', 'database', 'injected']),
  restrict(['core/shared/**'], ['database', 'thread'], ['database', 'injected']),
  restrict(['devices/**'], ['atomics', 'database', 'thread'], ['atomics', 'database', 'injected']),
  restrict(['devices/block/**'], ['atomics', 'thread'], ['atomics']),
  restrict(['machine/**'], ['atomics', 'database', 'thread'], ['atomics', 'database']),
  restrict(['app/**'], ['atomics', 'database', 'shared', 'thread'], ['atomics', 'database']),
  restrict(['{cli,guest}/**'], ['atomics'], ['atomics']),
  restrict(['{core,devices,machine}/**/*.worker.ts'], ['atomics', 'database'], ['atomics', 'database']),
  restrict(['app/**/*.worker.ts'], ['atomics', 'database', 'shared'], ['atomics', 'database']),
  {
    files: ['**/*.worker.ts'],
    rules: { 'max-lines': ['error', { max: 100, skipBlankLines: true, skipComments: true }] },
  },
  {
    files: ['**/*.ts'],
    ignores: ['**/*.worker.ts', ...tests],
    rules: {
      'no-restricted-imports': [
        'error',
        { name: 'node:worker_threads', importNames: ['parentPort', 'workerData'], message: thread },
      ],
    },
  },
  { files: tests, rules: { 'no-restricted-globals': 'off', 'no-restricted-properties': 'off' } },
];
