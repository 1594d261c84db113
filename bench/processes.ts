/** What Linux's /proc says of running programs: their memory and their processor time. */
import { readdirSync, readFileSync } from 'node:fs';

/** Of the kernel's USER_HZ, which is 100 wherever Node runs. */
const CLOCK_TICK = 0.01;

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // The process has ended.
    return '';
  }
}

/** Seconds of processor time that a process has had, in all its threads. */
export function processorSeconds(id: number): number {
  // proc(5): the name, in parentheses, may hold anything; utime and stime are the 12th and 13th behind it.
  const fields = read(`/proc/${id}/stat`)
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * CLOCK_TICK;
}

/** The renderers of the browser that has this profile. */
export function renderers(profile: string): number[] {
  const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const commands = new Map(processes.map((id) => [id, read(`/proc/${id}/cmdline`)]));
  const parentOf = (id: string): string => /^PPid:\s*(\d+)$/m.exec(read(`/proc/${id}/status`))?.[1] ?? '0';
  const isOurs = (id: string): boolean =>
    id !== '0' && ((commands.get(id) ?? '').includes(`--user-data-dir=${profile}`) || isOurs(parentOf(id)));
  return processes.filter((id) => (commands.get(id) ?? '').includes('--type=renderer') && isOurs(id)).map(Number);
}

export interface Resident {
  /** Bytes in all, the browser's own program included, which its processes share. */
  readonly all: number;
  /** Bytes of that which belong to no file. */
  readonly own: number;
}

/** What is resident of the largest of these processes. */
export function largest(ids: readonly number[]): Resident {
  const sizes = ids.map((id) => {
    const status = read(`/proc/${id}/status`);
    const field = (name: string): number =>
      Number(new RegExp(`^${name}:\\s*(\\d+) kB$`, 'm').exec(status)?.[1] ?? 0) * 1024;
    return { all: field('VmRSS'), own: field('RssAnon') + field('RssShmem') };
  });
  return sizes.reduce((most, each) => (each.all > most.all ? each : most), { all: 0, own: 0 });
}
