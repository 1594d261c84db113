import { useEffect, useState } from 'react';
import type { Session } from '../machine/session.ts';
import { Icon } from '../parts/Icon.tsx';
import { advance, steps, type Tour, type View } from './steps.ts';

interface Props {
  readonly session: Session;
  /** Types a command into the console, with the Enter key. */
  readonly onType: (command: string) => void;
  readonly onClose: () => void;
}

function viewOf({ tail, getState }: Session, tour: Tour): View {
  const { status, figures } = getState();
  const allocated = figures?.disks[0]?.allocatedBytes ?? 0;
  return {
    state: status.state,
    atPrompt: tail.atPrompt,
    printed: tail.since(tour.mark),
    allocated,
    before: tour.before,
  };
}

/** How often the machine is looked at, in milliseconds. */
const INTERVAL = 300;

/** A short guided walk-through, beside the machine that it is about. */
export function TourPanel({ session, onType, onClose }: Props) {
  const [tour, setTour] = useState<Tour>({ step: 0, mark: 0, before: 0 });
  const [view, setView] = useState<View>();

  useEffect(() => {
    const look = (): void => {
      setTour((tour) => advance(tour, viewOf(session, tour), session.tail.mark));
      setView(viewOf(session, tour));
    };
    const timer = setInterval(look, INTERVAL);
    return () => clearInterval(timer);
  }, [session, tour]);

  const isOver = tour.step === steps.length;
  return (
    <section className="tour" aria-label="Walk-through">
      <header>
        <h2>A disk that shrinks</h2>
        <button type="button" className="icon-button" aria-label="End the walk-through" onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      <ol>
        {steps.map(({ title, text, command, seen }, index) => {
          const isNow = index === tour.step;
          const isDone = index < tour.step;
          return (
            <li
              key={title}
              data-step={isDone ? 'done' : isNow ? 'now' : 'later'}
              aria-current={isNow ? 'step' : undefined}
            >
              <h3>
                <span className="tour-tick">{isDone ? <Icon name="check" /> : index + 1}</span>
                {title}
                {isDone && <span className="visually-hidden"> (done)</span>}
              </h3>
              {isNow && (
                <>
                  <p>{text}</p>
                  {command !== undefined && (
                    <div className="tour-command">
                      <code>{command}</code>
                      <button
                        type="button"
                        className="button"
                        disabled={view?.atPrompt !== true}
                        onClick={() => onType(command)}
                      >
                        Type it for me
                      </button>
                    </div>
                  )}
                  <p className="tour-seen">{(view && seen?.(view)) ?? ''}</p>
                </>
              )}
            </li>
          );
        })}
      </ol>
      <p className="tour-end" role="status">
        {isOver &&
          'That was all: the disk has shrunk, and the browser got its space back. Type poweroff to end the machine; next time it begins where you left it.'}
      </p>
    </section>
  );
}
