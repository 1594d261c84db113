import { spawnSync } from 'node:child_process';
import { expect } from '@playwright/test';
import { findHostTool } from '../../cli/tasks/host-tools.ts';

/** Runs qemu-img, which must succeed. */
export function qemuImg(...args: string[]): void {
  const { status, stdout, stderr } = spawnSync(findHostTool('qemu-utils') ?? '', args, { encoding: 'utf8' });
  expect(status, `qemu-img ${args.join(' ')}: ${stdout}${stderr}`).toBe(0);
}
