import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cellAt, cellByKey, gridOf, placeOf, roomIn } from './grid.ts';

const ratios = fc.constantFrom(0.5, 1, 1.25, 1.5, 2, 2.625, 3);
const widths = fc.integer({ min: 1, max: 1200 });

test('cells stand in rows of the width that there is', () => {
  expect(roomIn(262, 1)).toBe(52 * 24);
  expect(gridOf(1024, 262, 1)).toMatchObject({ columns: 52, rows: 20, square: 4, pitch: 5, width: 259, height: 99 });
  expect(gridOf(1024, 262, 2)).toMatchObject({ columns: 52, rows: 20, square: 8, pitch: 10, width: 518, height: 198 });
  expect(gridOf(7, 262, 1)).toMatchObject({ rows: 1, width: 34, height: 4 });
  expect(gridOf(0, 262, 1)).toMatchObject({ rows: 0, width: 0, height: 0 });
});

test('squares lie on whole pixels within the width, at every ratio', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4096 }), widths, ratios, (cells, width, ratio) => {
      const grid = gridOf(cells, width, ratio);
      const { x, y } = placeOf(grid, cells - 1);
      expect([x, y, grid.square, grid.pitch].every(Number.isInteger)).toBe(true);
      expect(x + grid.square).toBeLessThanOrEqual(grid.width);
      expect(y + grid.square).toBe(grid.height);
      if (grid.columns > 1) expect(grid.width / ratio).toBeLessThanOrEqual(width);
      expect(gridOf(roomIn(width, ratio), width, ratio).rows).toBe(24);
    }),
  );
});

test('a point within a square is that of its cell', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4096 }), fc.nat(4095), widths, ratios, (cells, nth, width, ratio) => {
      const grid = gridOf(cells, width, ratio);
      const cell = nth % cells;
      const { x, y } = placeOf(grid, cell);
      const within = (place: number): number => (place + grid.square / 2) / ratio;
      expect(cellAt(grid, within(x), within(y))).toBe(cell);
    }),
  );
});

test('beside the map there is no cell', () => {
  const grid = gridOf(60, 262, 1);
  expect(cellAt(grid, -1, 2)).toBeUndefined();
  expect(cellAt(grid, 2, -1)).toBeUndefined();
  expect(cellAt(grid, 52 * 5, 2)).toBeUndefined();
  expect(cellAt(grid, 7 * 5, 7)).toBe(59);
  expect(cellAt(grid, 8 * 5, 7)).toBeUndefined();
  expect(cellAt(grid, 2, 12)).toBeUndefined();
});

test('keys lead from cell to cell, and not out of the map', () => {
  const grid = gridOf(1024, 262, 1);
  const to = (cell: number, ...keys: string[]): (number | undefined)[] => keys.map((key) => cellByKey(grid, cell, key));
  expect(to(100, 'ArrowLeft', 'ArrowRight', 'ArrowUp', 'ArrowDown', 'Home', 'End')).toEqual([
    99, 101, 48, 152, 0, 1023,
  ]);
  expect(to(0, 'ArrowLeft', 'ArrowUp', 'PageUp', 'PageDown')).toEqual([0, 0, 0, 208]);
  expect(to(1023, 'ArrowRight', 'PageDown')).toEqual([1023, 1023]);
  expect(to(3, 'a', 'Tab', 'constructor')).toEqual([undefined, undefined, undefined]);
});
