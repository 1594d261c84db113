/** Resident memory of the browser's processes, from Linux's /proc. */
import { readdirSync, readFileSync } from 'node:fs';

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // The process has ended.
    return '';
  }
}

export interface Resident {
  /** Bytes in all, the browser's own program included, which its processes share. */
  readonly all: number;
  /** Bytes of that which belong to no file. */
  readonly own: number;
}

/** What is resident of the largest renderer of the browser that has this profile. */
export function largestRenderer(profile: string): Resident {
  const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const commands = new Map(processes.map((id) => [id, read(`/proc/${id}/cmdline`)]));
  const parentOf = (id: string): string => /^PPid:\s*(\d+)$/m.exec(read(`/proc/${id}/status`))?.[1] ?? '0';
  const isOurs = (id: string): boolean =>
    id !== '0' && ((commands.get(id) ?? '').includes(`--user-data-dir=${profile}`) || isOurs(parentOf(id)));
  const renderers = processes.filter((id) => (commands.get(id) ?? '').includes('--type=renderer') && isOurs(id));
  const sizes = renderers.map((id) => {
    const status = read(`/proc/${id}/status`);
    const field = (name: string): number => Number(new RegExp(`^${name}:\\s*(\\d+) kB$`, 'm').exec(status)?.[1] ?? 0);
    return { all: field('VmRSS') * 1024, own: (field('RssAnon') + field('RssShmem')) * 1024 };
  });
  return sizes.reduce((largest, each) => (each.all > largest.all ? each : largest), { all: 0, own: 0 });
}
