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
  return secondsOf(read(`/proc/${id}/stat`));
}

/** The same of each of its threads, by name; several may have the same. */
export function threadSeconds(id: number): [name: string, seconds: number][] {
  return readdirSync(`/proc/${id}/task`).map((thread) => {
    const path = `/proc/${id}/task/${thread}`;
    return [read(`${path}/comm`).trim(), secondsOf(read(`${path}/stat`))];
  });
}

/** proc(5): the name, in parentheses, may hold anything; utime and stime are the 12th and 13th behind it. */
function secondsOf(stat: string): number {
  const fields = stat.replace(/^.*\) /s, '').split(' ');
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

/** A part of a process's address space. */
export interface Mapping {
  /** Bytes, and those of them that are resident. */
  readonly size: number;
  readonly resident: number;
  readonly isExecutable: boolean;
  readonly isFile: boolean;
}

/** proc(5), /proc/pid/smaps. */
export function mappings(id: number): Mapping[] {
  const parts = read(`/proc/${id}/smaps`).split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m);
  return parts.filter(Boolean).map((part) => {
    const [, permissions, , , inode] = part.slice(0, part.indexOf('\n')).split(/ +/);
    const field = (name: string): number =>
      Number(new RegExp(`^${name}:\\s*(\\d+) kB$`, 'm').exec(part)?.[1] ?? 0) * 1024;
    return { size: field('Size'), resident: field('Rss'), isExecutable: permissions[2] === 'x', isFile: inode !== '0' };
  });
}
