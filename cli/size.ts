import { BadUsage } from './bad-usage.ts';

const UNITS: Readonly<Record<string, number>> = { k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };

/**
 * Bytes of a size such as `512M`, `2G` or `64MiB`. Units are powers of 1024; a number without one counts MiB, as for bhyve
 * and QEMU. `option` is named in the message of {@link BadUsage}.
 */
export function parseSize(text: string, option: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*(?:([kmgt])(?:i?b)?|(b))?$/i.exec(text.trim());
  const unit = match?.[3] === undefined ? UNITS[(match?.[2] ?? 'm').toLowerCase()] : 1;
  const bytes = match === null ? NaN : Number(match[1]) * unit;
  if (!Number.isSafeInteger(bytes) || bytes <= 0) {
    throw new BadUsage(`${option} takes a size such as 512M, 2G or 64MiB, not "${text}"`);
  }
  return bytes;
}

/** A number from `least` to `most`. */
export function parseWhole(text: string, option: string, least: number, most: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  if (value >= least && value <= most) return value;
  throw new BadUsage(`${option} takes a whole number from ${least} to ${most}, not "${text}"`);
}

/** Seconds, more than 0; fractions are allowed. */
export function parseSeconds(text: string, option: string): number {
  const value = /^\d*\.?\d+$/.test(text) ? Number(text) : NaN;
  // What a timer can hold.
  if (value > 0 && value * 1000 < 2 ** 31) return value;
  throw new BadUsage(`${option} takes a number of seconds, such as 60 or 2.5, not "${text}"`);
}
