// `npm start`: prepares the guest images, serves the page, and prints where it is.

import { parseArgs } from 'node:util';
import { isIP } from 'node:net';
import { fileURLToPath } from 'node:url';
import { createServer, type ServerOptions } from 'vite';
import { prepareImages } from '../../guest/index.ts';
import { certificateFor, localAddresses } from './certificate.ts';
import { ensureHostTools, imageTools, MissingHostTool } from './host-tools.ts';

const usage = `Usage: npm start [-- options]

Prepares the guest images and serves the page until Ctrl-C.

Options:
  --https          serve the local network, with a certificate of our own that each browser has to accept once
  --host ADDRESS   listen on this address (default: localhost; with --https: all addresses)
  --port NUMBER    listen on this port, or fail (default: the first free one from 5173 on)
  --help           print this text
`;

/** A call that the usage text does not allow. */
class BadUsage extends Error {}

interface Options {
  readonly https: boolean;
  readonly host: string | undefined;
  readonly port: number | undefined;
}

function readOptions(args: readonly string[]): Options | 'help' {
  let values;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        https: { type: 'boolean', default: false },
        host: { type: 'string' },
        port: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    }));
  } catch (error) {
    throw new BadUsage((error as Error).message);
  }
  if (values.help) return 'help';
  const port = values.port === undefined ? undefined : Number(values.port);
  if (port !== undefined && !(Number.isInteger(port) && port > 0 && port < 65_536)) {
    throw new BadUsage(`--port takes a number from 1 to 65535, not "${values.port}"`);
  }
  return { https: values.https, host: values.host, port };
}

function log(line: string): void {
  console.log(line);
}

/** What the page is reached by, the nearest first. */
function urls(options: Options, port: number): string[] {
  const scheme = options.https ? 'https' : 'http';
  const everywhere =
    options.host === '0.0.0.0' || options.host === '::' || (options.https && options.host === undefined);
  const hosts = everywhere ? ['localhost', ...localAddresses()] : [options.host ?? 'localhost'];
  return hosts.map((host) => `${scheme}://${isIP(host) === 6 ? `[${host}]` : host}:${port}/`);
}

async function serve(options: Options): Promise<void> {
  const config: ServerOptions = {};
  if (options.host !== undefined) config.host = options.host;
  if (options.port !== undefined) Object.assign(config, { port: options.port, strictPort: true });
  if (options.https) {
    ensureHostTools(['openssl'], log);
    config.host ??= true;
    config.https = certificateFor(fileURLToPath(new URL('../../.cache/https', import.meta.url)));
    // The certificate stands for the host; any name by which the local network calls it will do.
    config.allowedHosts = true;
  }
  const server = await createServer({
    configFile: fileURLToPath(new URL('../../vite.config.ts', import.meta.url)),
    server: config,
    logLevel: 'warn',
  });
  await server.listen();
  const port = (server.httpServer?.address() as { port: number }).port;
  const [first, ...others] = urls(options, port);
  log(`\n  tabhyve is at ${first}`);
  for (const url of others) log(`            and ${url}`);
  if (!options.https && others.length + Number(options.host !== undefined) > 0) {
    log('  Other computers need `npm start -- --https`: browsers give shared memory to https:// and localhost alone.');
  }
  log('  Ctrl-C ends it.\n');
}

async function main(args: readonly string[]): Promise<number | undefined> {
  try {
    const options = readOptions(args);
    if (options === 'help') {
      process.stdout.write(usage);
      return 0;
    }
    ensureHostTools(imageTools, log);
    await prepareImages({ log });
    await serve(options);
    return undefined;
  } catch (error) {
    if (error instanceof BadUsage) {
      console.error(`npm start: ${error.message}\n\n${usage}`);
      return 2;
    }
    console.error(`npm start: ${(error as Error).message}`);
    if (!(error instanceof MissingHostTool) && process.env['DEBUG'] !== undefined) console.error(error);
    return 1;
  }
}

const status = await main(process.argv.slice(2));
if (status !== undefined) process.exit(status);
