import { useEffect, useLayoutEffect, useMemo, useRef, useState, type KeyboardEvent, type PointerEvent } from 'react';
import type { DiskActivity, DiskMap } from '../../machine/api.ts';
import { useMedia } from '../hooks.ts';
import { describe, rangeOf } from './contents.ts';
import { cellAt, cellByKey, gridOf, placeOf, roomIn, type Grid } from './grid.ts';
import { usePixelRatio, useTheme } from './hooks.ts';
import { MapPainter } from './painter.ts';

interface Props {
  /** Undefined while it is not known. */
  readonly map: DiskMap | undefined;
  /** What was done to the disk just now, once for each object; undefined for a disk that is not in use. */
  readonly activity?: DiskActivity | undefined;
  /** What it is a map of, for who cannot see it. */
  readonly label: string;
  /** Is given the most cells that there is room for, at first and whenever that changes. */
  readonly onRoom: (cells: number) => void;
}

/** The map of a disk, and what is in the cell that a person points at. */
export function DiskMapView({ map, activity, label, onRoom }: Props) {
  const frame = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const painter = useRef<MapPainter>(undefined);
  const [width, setWidth] = useState(0);
  const [chosen, setChosen] = useState<number>();
  const ratio = usePixelRatio();
  const theme = useTheme();
  const still = useMedia('(prefers-reduced-motion: reduce)');
  const cells = map?.allocated.length ?? 0;
  const grid = useMemo(() => gridOf(cells, width, ratio), [cells, width, ratio]);

  useLayoutEffect(() => {
    const element = frame.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    if (width > 0) onRoom(roomIn(width, ratio));
  }, [width, ratio, onRoom]);
  useEffect(() => {
    if (!canvas.current) return;
    const made = new MapPainter(canvas.current);
    painter.current = made;
    return () => made.end();
  }, []);
  useEffect(() => {
    if (map && width > 0) painter.current?.show({ map, activity, grid, theme, still });
  }, [map, activity, grid, width, theme, still]);

  const point = (event: PointerEvent<HTMLCanvasElement>): void => {
    const { left, top } = event.currentTarget.getBoundingClientRect();
    setChosen(cellAt(grid, event.clientX - left, event.clientY - top));
  };
  const press = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') return setChosen(undefined);
    const next = cellByKey(grid, chosen ?? 0, event.key);
    if (next === undefined) return;
    event.preventDefault();
    setChosen(next);
  };
  const cell = chosen !== undefined && chosen < cells ? chosen : undefined;
  return (
    <div ref={frame} className="disk-map" data-known={map !== undefined}>
      <canvas
        ref={canvas}
        style={{ width: grid.width / ratio, height: grid.height / ratio }}
        tabIndex={map ? 0 : -1}
        role="slider"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={Math.max(0, cells - 1)}
        aria-valuenow={cell ?? 0}
        aria-valuetext={map && `${rangeOf(map, cell ?? 0)}: ${describe(map, cell ?? 0)}`}
        onPointerMove={point}
        onPointerDown={point}
        // A finger that is lifted leaves; what it has chosen stays until another place is touched.
        onPointerLeave={(event) => event.pointerType === 'mouse' && setChosen(undefined)}
        onFocus={(event) => event.currentTarget.matches(':focus-visible') && setChosen(chosen ?? 0)}
        onBlur={() => setChosen(undefined)}
        onKeyDown={press}
      />
      {map && cell !== undefined && <Tip map={map} cell={cell} grid={grid} />}
    </div>
  );
}

/** A ring around a cell, and below it which part of the disk that is and what is there. */
function Tip({ map, cell, grid }: { readonly map: DiskMap; readonly cell: number; readonly grid: Grid }) {
  const { x, y } = placeOf(grid, cell);
  const { ratio, square, width } = grid;
  const left = x / ratio;
  const size = square / ratio;
  // It stays within the map's width: at the left edge it begins at the cell, at the right edge it ends there.
  const shift = width > 0 ? (x / width) * 100 : 0;
  return (
    <>
      <span className="disk-map-ring" style={{ left, top: y / ratio, width: size, height: size }} />
      <p className="disk-map-tip" style={{ left, top: y / ratio + size, transform: `translateX(-${shift}%)` }}>
        <strong>{rangeOf(map, cell)}</strong> {describe(map, cell)}
      </p>
    </>
  );
}
