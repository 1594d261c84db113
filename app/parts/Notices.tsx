import type { Trouble } from '../machine/session.ts';
import { Icon } from './Icon.tsx';

interface Props {
  readonly troubles: readonly Trouble[];
  readonly onDismiss: (id: number) => void;
}

/** Failures outside of the guest, over the console until they are dismissed. */
export function Notices({ troubles, onDismiss }: Props) {
  return (
    <div className="notices" aria-live="assertive">
      {troubles.map(({ id, message }) => (
        <div className="notice" key={id}>
          <Icon name="warning" />
          <p>{message}</p>
          <button type="button" className="icon-button" aria-label="Dismiss" onClick={() => onDismiss(id)}>
            <Icon name="close" />
          </button>
        </div>
      ))}
    </div>
  );
}
