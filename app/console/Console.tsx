import { useEffect, useRef, useState } from 'react';
import type { Session } from '../machine/session.ts';
import { SearchBar } from './SearchBar.tsx';
import type { ConsoleHandle } from './terminal.ts';

interface Props {
  readonly session: Session;
  readonly dark: boolean;
  readonly fontSize: number;
  readonly screenReader: boolean;
  readonly searching: boolean;
  readonly onSearchEnd: () => void;
  /** Called with the console when it is there, and with nothing when it goes. */
  readonly onHandle: (handle: ConsoleHandle | undefined) => void;
}

/** How many matches there are, and which of them is shown. */
export interface Matches {
  readonly index: number;
  readonly count: number;
}

/** The guest's console, and the bar to search it. */
export function Console({ session, dark, fontSize, screenReader, searching, onSearchEnd, onHandle }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const [handle, setHandle] = useState<ConsoleHandle>();
  const [matches, setMatches] = useState<Matches>({ index: -1, count: 0 });
  const [failure, setFailure] = useState<string>();
  // What the terminal is made with; changes reach it below.
  const first = useRef({ dark, fontSize, screenReader, onHandle });

  useEffect(() => {
    let made: ConsoleHandle | undefined;
    let gone = false;
    const { onHandle, ...look } = first.current;
    void import('./terminal.ts')
      .then(({ createTerminal }) => {
        if (gone || !place.current) return;
        made = createTerminal(place.current, {
          ...look,
          onInput: (bytes) => session.type(bytes),
          onResize: (columns, rows) => void session.resize(columns, rows),
          onMatches: (index, count) => setMatches({ index, count }),
        });
        session.attach((bytes) => made?.print(bytes) ?? Promise.resolve());
        setHandle(made);
        onHandle(made);
      })
      .catch((error: unknown) => setFailure(`The console did not load (${String(error)}). Reload the page.`));
    return () => {
      gone = true;
      session.attach(undefined);
      onHandle(undefined);
      made?.dispose();
    };
  }, [session]);

  useEffect(() => handle?.change({ dark, fontSize, screenReader }), [handle, dark, fontSize, screenReader]);

  return (
    <section className="console" aria-label="Console of the guest">
      {searching && handle && (
        <SearchBar
          matches={matches}
          onFind={(term, backwards, incremental) => handle.find(term, backwards, incremental)}
          onClose={() => {
            handle.endSearch();
            onSearchEnd();
            handle.focus();
          }}
        />
      )}
      {failure !== undefined && <p role="alert">{failure}</p>}
      <div className="console-terminal" ref={place} />
    </section>
  );
}
