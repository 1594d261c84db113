/**
 * Where the cells of a map stand: in rows, like text. In pixels of the screen, and whole ones, so that squares are crisp.
 *
 *     ▪▪▪▪▪▪▪▪▪▪
 *     ▪▪▪▪▪▪▪▪▪▪      pitch = square + gap
 *     ▪▪▪▪▪
 */
export interface Grid {
  readonly cells: number;
  readonly columns: number;
  readonly rows: number;
  readonly square: number;
  readonly pitch: number;
  /** Pixels of the screen in one of the style sheet. */
  readonly ratio: number;
  readonly width: number;
  readonly height: number;
}

/** In pixels of the style sheet. */
const SQUARE = 4;
const GAP = 1;
/** The most rows that a map has. */
const ROWS = 24;

function measures(ratio: number): { readonly square: number; readonly gap: number } {
  return { square: Math.max(1, Math.round(SQUARE * ratio)), gap: Math.max(1, Math.round(GAP * ratio)) };
}

function columnsIn(width: number, ratio: number): number {
  const { square, gap } = measures(ratio);
  return Math.max(1, Math.floor((width * ratio + gap) / (square + gap)));
}

/** The most cells that there is room for in a width, which is in pixels of the style sheet. */
export function roomIn(width: number, ratio: number): number {
  return columnsIn(width, ratio) * ROWS;
}

/** So many cells in a width, which is in pixels of the style sheet. */
export function gridOf(cells: number, width: number, ratio: number): Grid {
  const { square, gap } = measures(ratio);
  const columns = columnsIn(width, ratio);
  const rows = Math.ceil(cells / columns);
  const pitch = square + gap;
  const extent = (count: number): number => Math.max(0, count * pitch - gap);
  return {
    ...{ cells, columns, rows, square, pitch, ratio },
    ...{ width: extent(Math.min(cells, columns)), height: extent(rows) },
  };
}

/** Where a cell's square begins. */
export function placeOf({ columns, pitch }: Grid, cell: number): { readonly x: number; readonly y: number } {
  return { x: (cell % columns) * pitch, y: Math.floor(cell / columns) * pitch };
}

/** The cell at a point, which is in pixels of the style sheet; undefined beside the map. */
export function cellAt({ columns, rows, cells, pitch, ratio }: Grid, x: number, y: number): number | undefined {
  const column = Math.floor((x * ratio) / pitch);
  const row = Math.floor((y * ratio) / pitch);
  const cell = row * columns + column;
  return column >= 0 && column < columns && row >= 0 && row < rows && cell < cells ? cell : undefined;
}

/** The cell that a key leads to; undefined if it leads nowhere. */
export function cellByKey({ columns, cells }: Grid, cell: number, key: string): number | undefined {
  const steps: Readonly<Record<string, number>> = {
    ...{ ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns },
    ...{ PageUp: -4 * columns, PageDown: 4 * columns, Home: -cells, End: cells },
  };
  if (!Object.hasOwn(steps, key)) return undefined;
  return Math.max(0, Math.min(cells - 1, cell + steps[key]));
}
