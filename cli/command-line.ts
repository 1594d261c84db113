/** Options of a command: one table, from which come the parser, its messages and the usage text. */
import { BadUsage } from './bad-usage.ts';
import { nearest } from './suggest.ts';

export interface Option {
  /** With its dashes. */
  readonly long: string;
  readonly short?: string;
  /** What its value is called in the usage text; an option without one takes no value. */
  readonly value?: string;
  /** One line for the usage text, or several. */
  readonly help: string;
}

/** What was given, by the long names. */
export class Given {
  /** What stands without an option, in order: one for each that the command asks for. */
  readonly operands: readonly string[];
  readonly #values: ReadonlyMap<string, readonly string[]>;

  constructor(values: ReadonlyMap<string, readonly string[]>, operands: readonly string[] = []) {
    this.#values = values;
    this.operands = operands;
  }

  has(long: string): boolean {
    return this.#values.has(long);
  }

  /** The value; the last one, if the option was given more than once. */
  value(long: string): string | undefined {
    return this.#values.get(long)?.at(-1);
  }

  all(long: string): readonly string[] {
    return this.#values.get(long) ?? [];
  }
}

/**
 * Reads the arguments of `command`. `wanted` names the operands that it needs, such as FILE; they are not asked for when
 * there is `--help`. What follows `--` is operands. Throws {@link BadUsage}.
 */
export function readOptions(
  command: string,
  options: readonly Option[],
  args: readonly string[],
  wanted: readonly string[] = [],
): Given {
  const operands: string[] = [];
  const values = new Map<string, string[]>();
  const names = options.flatMap(({ long, short }) => (short === undefined ? [long] : [long, short]));
  const find = (name: string): Option | undefined => options.find(({ long, short }) => name === long || name === short);
  for (let at = 0; at < args.length; at++) {
    if (wanted.length > 0 && args[at] === '--') {
      operands.push(...args.slice(at + 1));
      break;
    }
    if (wanted.length > 0 && !args[at].startsWith('-')) {
      operands.push(args[at]);
      continue;
    }
    const { name, attached } = split(args[at], find);
    const option = find(name);
    if (option === undefined) throw unknown(command, args[at], name, names);
    let value = attached;
    if (option.value === undefined) {
      if (value !== undefined) throw new BadUsage(`${name} takes no value; it was given "${value}"`);
    } else if (value === undefined) {
      value = args[++at];
      if (value === undefined || find(value) !== undefined) {
        throw new BadUsage(`${name} needs a value: ${name} ${option.value}`);
      }
    }
    values.set(option.long, [...(values.get(option.long) ?? []), value ?? '']);
  }
  if (operands.length !== wanted.length && !values.has('--help')) {
    const number =
      operands.length < wanted.length ? `needs ${wanted.join(' and ')}` : `takes ${wanted.join(' and ')} only`;
    throw new BadUsage(`${command} ${number}; see tabhyve ${command} --help`);
  }
  return new Given(values, operands);
}

/** Takes `--name=value` and `-nvalue` apart. */
function split(
  arg: string,
  find: (name: string) => Option | undefined,
): { readonly name: string; readonly attached: string | undefined } {
  const equals = arg.indexOf('=');
  if (arg.startsWith('--') && equals > 0) return { name: arg.slice(0, equals), attached: arg.slice(equals + 1) };
  // All values of short options begin with a digit, and QEMU's options have one dash.
  if (/^-[a-z]\d/.test(arg) && find(arg.slice(0, 2)) !== undefined)
    return { name: arg.slice(0, 2), attached: arg.slice(2) };
  return { name: arg, attached: undefined };
}

function unknown(command: string, arg: string, name: string, names: readonly string[]): BadUsage {
  const help = `; see tabhyve ${command} --help`;
  if (!arg.startsWith('-')) return new BadUsage(`${command} takes options only, not "${arg}"${help}`);
  const meant = name.length > 2 ? nearest(name.replace(/^-(?!-)/, '--'), names) : undefined;
  const advice = meant === undefined ? help : `: did you mean ${meant}? See tabhyve ${command} --help`;
  return new BadUsage(`unknown option ${name}${advice}`);
}

/** The options as a part of the usage text. */
export function describeOptions(options: readonly Option[]): string {
  const INDENT = 22;
  return options
    .map(({ long, short, value, help }) => {
      const names = `${short === undefined ? '    ' : `${short}, `}${long}${value === undefined ? '' : ` ${value}`}`;
      const lines = help.split('\n');
      const text = lines.join(`\n${' '.repeat(INDENT)}`);
      const head = `  ${names}`;
      return head.length < INDENT - 1 ? head.padEnd(INDENT) + text : `${head}\n${' '.repeat(INDENT)}${text}`;
    })
    .join('\n');
}
