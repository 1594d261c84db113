import { describe, expect, it } from 'vitest';
import { HartStatus } from '../../core/shared/hart-state.ts';
import { createMemory, hartView, layOut } from '../../core/shared/memory-map.ts';
import type { Entry } from './load.ts';
import { startHarts } from './start.ts';

const map = layOut({ harts: 2, ramBytes: 2 << 20 });
const entry: Entry = { mode: 'S', pc: 0x8020_0000n, deviceTree: 0x8400_0000, dynamicInfo: 0, allHarts: false };

function started(change: Partial<Entry>) {
  const memory = createMemory(map);
  const harts = [0, 1].map((hart) => hartView(memory, map, hart));
  startHarts(harts, { ...entry, ...change });
  return harts.map(({ pc, privilege, x, hsmStatus }) => ({
    pc,
    privilege,
    arguments: [...x.slice(10, 13)],
    status: hsmStatus.load(),
  }));
}

describe('startHarts', () => {
  it('starts hart 0 in S-mode, and leaves the others to it', () => {
    const [boot, other] = started({});
    expect(boot).toEqual({
      pc: 0x8020_0000n,
      privilege: 1,
      arguments: [0n, 0x8400_0000n, 0n],
      status: HartStatus.STARTED,
    });
    expect(other.status).toBe(HartStatus.STOPPED);
  });

  it('starts all harts in M-mode', () => {
    const harts = started({ mode: 'M', allHarts: true, dynamicInfo: 0x8300_0000 });
    expect(harts.map(({ status, privilege }) => [status, privilege])).toEqual([
      [HartStatus.STARTED, 3],
      [HartStatus.STARTED, 3],
    ]);
    expect(harts[1].arguments).toEqual([1n, 0x8400_0000n, 0x8300_0000n]);
  });
});
