import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { binary, echo, temporaryFolder } from '../testing/programs.ts';

const program = fileURLToPath(new URL('../tabhyve.mjs', import.meta.url));
const folder = temporaryFolder();

test('in a terminal all keys go to the guest, and Ctrl-A x ends the machine and gives the terminal back', async () => {
  const greeting = 'li s0, 0x10000000\nli s1, 62\nsb s1, 0(s0)\n';
  const kernel = binary(folder, 'echo.bin', greeting + echo);
  const run = `'${process.execPath}' '${program}' run --kernel '${kernel}' --firmware none -m 16M --timeout 60`;
  // `script` of bsdutils runs a command in a terminal of its own.
  const command = `${run}; echo "status $?"; stty -a | grep -o -e '-*icanon'`;
  const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], { stdio: 'pipe' });
  let output = '';
  child.stdout.setEncoding('latin1').on('data', (text: string) => (output += text));
  const printed = async (text: string): Promise<void> => {
    for (const closed = once(child, 'close'); !output.includes(text);) {
      if (child.exitCode !== null) throw new Error(`it ended without printing ${text}: ${output}`);
      await Promise.race([once(child.stdout, 'data'), closed]);
    }
  };
  await printed('>');
  child.stdin.write('\x03\x1a|');
  await printed('>\x03\x1a|');
  child.stdin.write('\x01h');
  await printed('send Ctrl-A');
  child.stdin.write('\x01x');
  await printed('icanon');
  expect(output).toMatch(/status 0\r\nicanon/);
  child.stdin.end();
});
