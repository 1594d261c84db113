import type { DiskAction, DiskActivity, DiskMap } from '../../machine/api.ts';
import { countsIn, type Counts, type Kind } from './contents.ts';
import { actions, Fading } from './fading.ts';
import { placeOf, type Grid } from './grid.ts';

/** Colours, as the style sheets have them. */
type Palette = Readonly<Record<Kind | DiskAction, string>>;

/** What is to be seen. */
export interface Picture {
  readonly map: DiskMap;
  readonly activity: DiskActivity | undefined;
  readonly grid: Grid;
  /** Changes when the page's colours do. */
  readonly theme: string;
  /** True: nothing moves by itself; what was done is shown for a while, and then not. */
  readonly still: boolean;
}

/** Milliseconds from one picture to the next while something fades. */
const FRAME = 40;
const STILL_FRAME = 400;
/** What little there is of something in a cell can be seen. */
const LEAST = 0.3;

const opacity = (count: number, chunks: number): number => (count === 0 ? 0 : LEAST + (1 - LEAST) * (count / chunks));

function paletteOf(element: Element): Palette {
  const style = getComputedStyle(element);
  const colour = (name: keyof Palette): string => style.getPropertyValue(`--map-${name}`).trim();
  return {
    ...{ allocated: colour('allocated'), base: colour('base'), tombstones: colour('tombstones') },
    ...{ empty: colour('empty'), read: colour('read'), written: colour('written'), discarded: colour('discarded') },
  };
}

const isSame = (a: DiskMap, b: DiskMap, cell: number): boolean =>
  a.allocated[cell] === b.allocated[cell] && a.base[cell] === b.base[cell] && a.tombstones[cell] === b.tombstones[cell];

/**
 * Draws a map. Kinds differ by form as well as by colour: allocated and base are squares, dark and pale; a tombstone is a
 * frame; what is empty is a dot. What is done to a cell is a square over it, which fades.
 */
export class MapPainter {
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D | null;
  #palette: Palette;
  #picture: Picture | undefined;
  #fading = new Fading(0);
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
    this.#context = canvas.getContext('2d');
    this.#palette = paletteOf(canvas);
  }

  /** Draws what differs from what was shown before. */
  show(picture: Picture): void {
    const { map, activity, grid, theme } = picture;
    const before = this.#picture;
    const cells = map.allocated.length;
    const isNew = before === undefined || before.grid !== grid || before.theme !== theme;
    if (cells !== before?.map.allocated.length) this.#fading = new Fading(cells);
    if (isNew) {
      this.#palette = paletteOf(this.#canvas);
      // Clears it, too.
      this.#canvas.width = grid.width;
      this.#canvas.height = grid.height;
    }
    this.#picture = picture;
    const now = performance.now();
    for (let cell = 0; cell < cells; cell++) if (isNew || !isSame(map, before.map, cell)) this.#paint(cell, now);
    if (activity === undefined || activity === before?.activity) return;
    this.#fading.note(activity, now);
    if (this.#timer === undefined) this.#fade();
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #fade(): void {
    const now = performance.now();
    for (const cell of this.#fading.take(now)) this.#paint(cell, now);
    const next = (): void => {
      requestAnimationFrame(() => this.#timer !== undefined && this.#fade());
    };
    this.#timer = this.#fading.isOver ? undefined : setTimeout(next, this.#picture?.still ? STILL_FRAME : FRAME);
  }

  #paint(cell: number, now: number): void {
    const context = this.#context;
    if (!context || !this.#picture) return;
    const { map, grid, still } = this.#picture;
    const { x, y } = placeOf(grid, cell);
    const { square } = grid;
    context.clearRect(x, y, square, square);
    this.#paintKinds(context, countsIn(map, cell), x, y, square);
    for (const action of actions) {
      const strength = this.#fading.strength(action, cell, now);
      if (strength > 0) this.#fill(context, action, still ? 1 : strength, x, y, square);
    }
    context.globalAlpha = 1;
  }

  #paintKinds(context: CanvasRenderingContext2D, counts: Counts, x: number, y: number, square: number): void {
    const { allocated, base, tombstones, empty } = counts;
    const chunks = allocated + base + tombstones + empty;
    if (empty === chunks) {
      const dot = Math.max(1, Math.round(square / 2));
      const inset = Math.floor((square - dot) / 2);
      this.#fill(context, 'empty', 1, x + inset, y + inset, dot);
    }
    if (base > 0) this.#fill(context, 'base', opacity(base, chunks), x, y, square);
    if (allocated > 0) this.#fill(context, 'allocated', opacity(allocated, chunks), x, y, square);
    if (tombstones > 0) {
      const line = Math.max(1, Math.round(square / 4));
      context.globalAlpha = opacity(tombstones, chunks);
      context.strokeStyle = this.#palette.tombstones;
      context.lineWidth = line;
      context.strokeRect(x + line / 2, y + line / 2, square - line, square - line);
    }
  }

  #fill(
    context: CanvasRenderingContext2D,
    colour: keyof Palette,
    alpha: number,
    x: number,
    y: number,
    size: number,
  ): void {
    context.globalAlpha = alpha;
    context.fillStyle = this.#palette[colour];
    context.fillRect(x, y, size, size);
  }
}
