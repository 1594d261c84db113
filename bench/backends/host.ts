/** The host itself, which runs the guest programs with no machine between: what no other can exceed. */
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { arch, cpus, release, type } from 'node:os';
import { join } from 'node:path';
import { programMarks, type Backend, type Missing, type ProgramOutput } from '../backend.ts';
import { SCRIPT, type Bundle } from '../guest/index.ts';

export function host(folder: string): Backend | Missing {
  const name = 'host';
  if (type() !== 'Linux' || arch() !== 'x64') return { name, missing: 'Linux on amd64' };
  return {
    name,
    description: `${cpus()[0]?.model ?? 'amd64'}, ${type()} ${release()}`,
    tests: {},
    programs: { arch: 'amd64', run: (bundle) => run(bundle, folder) },
    close: async () => {},
  };
}

/** Runs a bundle on one processor, in a session of its own. */
function run(bundle: Bundle, folder: string): Promise<ProgramOutput> {
  mkdirSync(folder, { recursive: true });
  const cwd = mkdtempSync(join(folder, 'host-'));
  for (const [name, bytes] of bundle.files) writeFileSync(join(cwd, name), bytes, { mode: 0o755 });
  writeFileSync(join(cwd, SCRIPT), bundle.script);

  const [, processor] = /^Cpus_allowed_list:\s*(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  const command = ['-c', processor ?? '0', 'sh', SCRIPT];
  const child = spawn('taskset', command, { cwd, detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
  const times = new Map<string, number>();
  const marks = programMarks(bundle.tests);
  let output = '';
  return new Promise((resolve, reject) => {
    child.stdout.setEncoding('latin1').on('data', (text: string) => {
      output += text;
      const printed = marks.filter((mark) => !times.has(mark) && output.includes(mark));
      if (printed.length === 0) return;
      const seconds = sessionSeconds(child.pid ?? 0);
      for (const mark of printed) times.set(mark, seconds);
    });
    child.on('error', reject);
    child.on('close', () => resolve({ output, processor: times }));
  });
}

/** Seconds of processor time that all processes of a session have had, with those that have ended. */
function sessionSeconds(session: number): number {
  let ticks = 0;
  for (const id of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    // proc(5): behind the name, in parentheses, the session is the 4th field; utime, stime, cutime, cstime from the 12th.
    const fields = statOf(id)
      .replace(/^.*\) /s, '')
      .split(' ')
      .map(Number);
    if (fields[3] === session) ticks += fields.slice(11, 15).reduce((sum, each) => sum + each, 0);
  }
  // USER_HZ is 100 wherever Node runs.
  return ticks / 100;
}

function statOf(id: string): string {
  try {
    return readFileSync(`/proc/${id}/stat`, 'latin1');
  } catch {
    // The process has ended.
    return '';
  }
}
