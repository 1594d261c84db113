import manifest from '../package.json' with { type: 'json' };

/** Exit status of a call that the usage text does not allow. */
const BAD_USAGE = 2;

const usage = `Usage: tabhyve [--help | --version]

tabhyve ${manifest.version} is a hypervisor in a browser tab; this is its runner without a browser.
It has no machine to run yet. Start the page with \`npm start\`.

Options:
  --help      print this text
  --version   print the version
`;

/** Runs one command line, given without the program's name, and returns the exit status. */
export async function main(args: readonly string[]): Promise<number> {
  const [option, ...rest] = args;
  if (rest.length === 0 && option === '--help') {
    process.stdout.write(usage);
    return 0;
  }
  if (rest.length === 0 && option === '--version') {
    process.stdout.write(`${manifest.version}\n`);
    return 0;
  }
  process.stderr.write(option === undefined ? usage : `tabhyve: unknown arguments: ${args.join(' ')}\n\n${usage}`);
  return BAD_USAGE;
}
