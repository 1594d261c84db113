interface Props {
  /** The oldest first. */
  readonly values: readonly number[];
  /** How many values fill the width. */
  readonly length: number;
  /** The curve's height stands for at least this much. */
  readonly least: number;
  /** True draws the values between their least and their greatest, and not from zero on. */
  readonly zoomed?: boolean;
}

const WIDTH = 240;
const HEIGHT = 36;

/** The curve of one figure over the last minute. An ornament: the figure itself stands beside it. */
export function Sparkline({ values, length, least, zoomed = false }: Props) {
  const highest = Math.max(least, ...values);
  const lowest = zoomed ? Math.min(highest - least, ...values) : 0;
  const x = (index: number): number => WIDTH - ((values.length - 1 - index) * WIDTH) / (length - 1);
  const y = (value: number): number => HEIGHT - 1.5 - ((value - lowest) / (highest - lowest || 1)) * (HEIGHT - 4);
  const points = values.map((value, index) => `${x(index).toFixed(1)},${y(value).toFixed(1)}`);
  return (
    <svg className="sparkline" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
      {points.length > 1 && (
        <>
          <polygon points={`${x(0).toFixed(1)},${HEIGHT} ${points.join(' ')} ${WIDTH},${HEIGHT}`} />
          <polyline points={points.join(' ')} />
        </>
      )}
    </svg>
  );
}
