const BINARY = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** Bytes for a person, in three or four digits: `64 MiB`, `1.25 GiB`, `0 B`. */
export function formatBytes(bytes: number): string {
  let unit = 0;
  let value = bytes;
  while (value >= 1024 && unit < BINARY.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
  const text = value.toFixed(digits);
  // Only what stands behind the point: 10.0 is 10, and 100 stays.
  return `${text.includes('.') ? text.replace(/\.?0+$/, '') : text} ${BINARY[unit]}`;
}

const counts = new Intl.NumberFormat('en');

/** A whole number with its thousands apart: `2,048`. */
export function formatCount(count: number): string {
  return counts.format(Math.round(count));
}

/** `1 chunk`, `2,048 chunks`. */
export function formatMany(count: number, one: string): string {
  return `${formatCount(count)} ${one}${count === 1 ? '' : 's'}`;
}

/** A share from 0 to 1 as a whole percentage. */
export function formatShare(share: number): string {
  return `${Math.round(Math.min(1, Math.max(0, share)) * 100)} %`;
}
