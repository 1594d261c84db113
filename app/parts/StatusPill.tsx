import type { MachineStatus } from '../../machine/api.ts';

const words: Record<MachineStatus['state'], string> = {
  off: 'Off',
  loading: 'Loading',
  running: 'Running',
  paused: 'Paused',
  halted: 'Halted',
  crashed: 'Crashed',
};

export const wordFor = ({ state }: MachineStatus): string => words[state];

/** What the machine is doing, in one word; the start card has the reasons. */
export function StatusPill({ status }: { readonly status: MachineStatus }) {
  return (
    <span className="pill" data-state={status.state} role="status" aria-label="Machine" title={status.reason}>
      <span className="pill-dot" aria-hidden="true" />
      {wordFor(status)}
    </span>
  );
}
