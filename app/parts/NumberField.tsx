import { useId } from 'react';

interface Props {
  readonly label: string;
  readonly unit: string;
  readonly text: string;
  /** What is wrong with it, in words that follow "It". */
  readonly fault: string | undefined;
  readonly limits: { readonly min: number; readonly max: number; readonly step: number };
  readonly onChange: (text: string) => void;
}

/** The number that a person typed; NaN if it is none. */
export const numberOf = (text: string): number => (text.trim() === '' ? NaN : Number(text));

/** A whole number within limits, which are said. */
export function NumberField({ label, unit, text, fault, limits, onChange }: Props) {
  const id = useId();
  return (
    <label className="field" htmlFor={id}>
      <span>{label}</span>
      <span className="field-with-unit">
        <input
          id={id}
          type="number"
          inputMode="numeric"
          {...limits}
          value={text}
          aria-invalid={fault !== undefined}
          aria-describedby={`${id}-hint`}
          onChange={(event) => onChange(event.target.value)}
        />
        {unit !== '' && <span aria-hidden="true">{unit}</span>}
      </span>
      <span id={`${id}-hint`} className={fault ? 'hint fault' : 'hint'}>
        {fault ? `It ${fault}.` : `${limits.min} to ${limits.max}${unit === '' ? '' : ` ${unit}`}`}
      </span>
    </label>
  );
}
