import { useEffect, useRef, type ReactNode } from 'react';

interface Props {
  readonly title: string;
  /** What the button says that does it. */
  readonly action: string;
  /** True when something is lost by it. */
  readonly danger?: boolean;
  readonly valid?: boolean;
  readonly onSubmit: () => void;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

/** A form within the dialog. It takes the focus, and Escape leaves it. */
export function Question({ title, action, danger = false, valid = true, onSubmit, onClose, children }: Props) {
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    const element = form.current;
    element?.querySelector<HTMLElement>('input:checked, input:not([type="radio"]), button[type="submit"]')?.focus();
    element?.scrollIntoView({ block: 'nearest' });
    return () => {
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <form
      ref={form}
      className="question"
      aria-label={title}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (!valid) return;
        onClose();
        onSubmit();
      }}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return;
        event.preventDefault();
        event.stopPropagation();
        onClose();
      }}
    >
      {children}
      <div className="question-actions">
        <button type="button" className="button" onClick={onClose}>
          Cancel
        </button>
        <button type="submit" className={danger ? 'button button-danger' : 'button button-primary'} disabled={!valid}>
          {action}
        </button>
      </div>
    </form>
  );
}
