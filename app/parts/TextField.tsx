import { useId } from 'react';

interface Props {
  readonly label: string;
  readonly text: string;
  readonly longest: number;
  readonly onChange: (text: string) => void;
}

/** A line of text. */
export function TextField({ label, text, longest, onChange }: Props) {
  const id = useId();
  return (
    <label className="field" htmlFor={id}>
      <span>{label}</span>
      <input
        id={id}
        type="text"
        maxLength={longest}
        autoComplete="off"
        value={text}
        onChange={(event) => onChange(event.target.value)}
      />
    </label>
  );
}
