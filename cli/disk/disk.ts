/** `tabhyve disk`: looks at disk images, converts and checks them. */
import { BadUsage } from '../bad-usage.ts';
import { nearest } from '../suggest.ts';
import { check } from './check.ts';
import { convert } from './convert.ts';
import { info } from './info.ts';

export const diskUsage = `Usage: tabhyve disk COMMAND [OPTIONS]

Disk images: raw, qcow2 (versions 2 and 3), and raw ones that are compressed by gzip or zstd. Which of these a file is
shows by its content. tabhyve runs raw ones.

Commands:
  info FILE         says what an image is
  convert IN OUT    writes the disk in an image in another format
  check FILE        looks for damage

Options:
  --help            prints this text; tabhyve disk COMMAND --help prints that of a command

Exit status:
  0        done; check found nothing
  1        an image is damaged or cannot be used, or tabhyve itself failed
  2        the command line is wrong
  129-143  a signal ended it: 130 for SIGINT, 143 for SIGTERM

Examples:
  tabhyve disk convert debian.qcow2 debian.img && tabhyve run --disk debian.img
  tabhyve disk convert debian.img backup.zst
`;

const commands = { info, convert, check } as const;

/** Runs the command; returns its exit status. Throws BadUsage, ImageError. */
export async function disk(args: readonly string[], signal: AbortSignal): Promise<number> {
  const [name, ...rest] = args;
  if (name === '--help') {
    process.stdout.write(diskUsage);
    return 0;
  }
  if (name === undefined) throw new BadUsage(`disk needs a command\n\n${diskUsage.trimEnd()}`);
  if (Object.hasOwn(commands, name)) return commands[name as keyof typeof commands](rest, signal);
  const meant = nearest(name, [...Object.keys(commands), '--help']);
  const advice = meant === undefined ? '' : `: did you mean ${meant}?`;
  throw new BadUsage(`disk has no command ${name}${advice}\n\n${diskUsage.trimEnd()}`);
}
