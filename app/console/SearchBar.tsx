import { useEffect, useRef, useState } from 'react';
import { Icon } from '../parts/Icon.tsx';
import type { Matches } from './Console.tsx';

interface Props {
  readonly matches: Matches;
  /** `incremental` extends the match that is shown, while the person goes on typing. */
  readonly onFind: (term: string, backwards: boolean, incremental: boolean) => void;
  readonly onClose: () => void;
}

function describe(term: string, { index, count }: Matches): string {
  if (term === '') return '';
  if (count === 0) return 'none';
  return index < 0 ? `${count}` : `${index + 1} of ${count}`;
}

/** Searches the console. Enter goes on, Shift+Enter back, Escape ends. */
export function SearchBar({ matches, onFind, onClose }: Props) {
  const [term, setTerm] = useState('');
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.focus(), []);

  return (
    <div
      className="search"
      role="search"
      onKeyDown={(event) => {
        if (event.key === 'Escape') onClose();
        else if (event.key === 'Enter' && event.target === input.current) onFind(term, event.shiftKey, false);
      }}
    >
      <input
        ref={input}
        type="text"
        aria-label="Search the console"
        placeholder="Search the console"
        value={term}
        spellCheck={false}
        onChange={(event) => {
          setTerm(event.target.value);
          onFind(event.target.value, false, true);
        }}
      />
      <output aria-live="polite">{describe(term, matches)}</output>
      <button
        type="button"
        className="icon-button"
        aria-label="Previous match"
        onClick={() => onFind(term, true, false)}
      >
        <Icon name="up" />
      </button>
      <button type="button" className="icon-button" aria-label="Next match" onClick={() => onFind(term, false, false)}>
        <Icon name="down" />
      </button>
      <button type="button" className="icon-button" aria-label="End the search" onClick={onClose}>
        <Icon name="close" />
      </button>
    </div>
  );
}
