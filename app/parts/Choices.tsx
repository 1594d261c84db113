import { useId } from 'react';

interface Props<T extends string> {
  readonly label: string;
  /** Each with what it is called. */
  readonly options: readonly (readonly [value: T, label: string])[];
  readonly value: T;
  readonly onChange: (value: T) => void;
  /** True where what stands around it says what it is. */
  readonly labelHidden?: boolean;
  readonly hint?: string;
}

/** One of a few, all of them in sight. */
export function Choices<T extends string>(props: Props<T>) {
  const { label, options, value, onChange, labelHidden = false, hint } = props;
  const id = useId();
  const named = labelHidden ? { 'aria-label': label } : { 'aria-labelledby': id };
  return (
    <div className="field">
      {!labelHidden && <span id={id}>{label}</span>}
      <div className="choices" role="radiogroup" {...named} aria-describedby={hint && `${id}-hint`}>
        {options.map(([each, text]) => (
          <label key={each}>
            <input type="radio" name={id} checked={value === each} onChange={() => onChange(each)} />
            {text}
          </label>
        ))}
      </div>
      {hint !== undefined && (
        <span id={`${id}-hint`} className="hint">
          {hint}
        </span>
      )}
    </div>
  );
}
