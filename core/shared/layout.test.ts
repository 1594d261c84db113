/**
 * Where everything stands in the shared memory, in golden/. Saved machines and compiled code depend on it. After a wanted
 * change: `npm run test:unit -- core/shared/layout -u`, and advance `layoutVersion`.
 */
import { expect, test } from 'vitest';
import { HartState } from './hart-state.ts';
import { Control, layOut, type MemoryMap } from './memory-map.ts';

const hex = (value: number): string => `0x${value.toString(16)}`;

function structText({ name, fields, at, size }: typeof HartState | typeof Control): string {
  const offsets: Readonly<Record<string, number>> = at;
  const lines = Object.entries(fields).map(([field, type]) => {
    const kind = type.kind === 'array' ? `${type.element.kind}[${type.count}]` : type.kind;
    return `  ${hex(offsets[field]).padEnd(7)} ${field}: ${kind}`;
  });
  return [`${name}, ${hex(size)} bytes`, ...lines].join('\n');
}

function mapText(title: string, map: MemoryMap): string {
  const lines = Object.entries(map).flatMap(([part, at]: [string, MemoryMap[keyof MemoryMap]]) => {
    if (typeof at === 'number') return [`  ${part}: ${hex(at)}`];
    return at.flatMap((hart, i) =>
      Object.entries(hart).map(([name, offset]: [string, number]) => `  harts[${i}].${name}: ${hex(offset)}`),
    );
  });
  return [title, ...lines].join('\n');
}

test('the layout is what it was', async () => {
  const text = [
    structText(Control),
    structText(HartState),
    mapText('two harts, 64 MiB', layOut({ harts: 2, ramBytes: 64 << 20 })),
  ].join('\n\n');
  await expect(`${text}\n`).toMatchFileSnapshot('golden/layout.txt');
});

test('a shape that cannot be built is refused', () => {
  for (const harts of [0, 9, 1.5]) expect(() => layOut({ harts, ramBytes: 2 << 20 })).toThrow('processors');
  for (const ramBytes of [0, 1 << 20, 3 << 20, 2 ** 32]) expect(() => layOut({ harts: 1, ramBytes })).toThrow('memory');
});

test('parts do not overlap, and RAM begins at 64 KiB and ends the memory', () => {
  const map = layOut({ harts: 8, ramBytes: 2 ** 30 });
  const parts = [map.control, map.devices, map.pageState, map.pageVersion, map.ram];
  const starts = [...parts, ...map.harts.flatMap((hart) => Object.values(hart) as number[])];
  expect(new Set(starts).size).toBe(starts.length);
  expect(Math.max(...starts)).toBe(map.ram);
  expect(map.ram % 0x1_0000).toBe(0);
  expect(map.total).toBe(map.ram + map.ramBytes);
});
