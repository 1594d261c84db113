import { useEffect, useRef, useState, type ReactNode } from 'react';
import type { DiskEntry, ImageFormat } from '../../machine/api-disks.ts';
import { Choices } from '../parts/Choices.tsx';
import type { DiskWork } from './disk-work.ts';
import { formats, nameOfDisk } from './names.ts';

export type DiskAction = 'export' | 'delete';

interface Props {
  readonly action: DiskAction;
  readonly disk: DiskEntry;
  readonly work: DiskWork;
  readonly base: Blob | undefined;
  readonly onGone: () => void;
  readonly onClose: () => void;
}

/** Asks what is to be known before something is done with a disk, and does it. */
export function DiskForm(props: Props) {
  switch (props.action) {
    case 'export':
      return <ExportForm {...props} />;
    case 'delete':
      return <DeleteForm {...props} />;
  }
}

interface QuestionProps {
  readonly title: string;
  readonly action: string;
  readonly danger?: boolean;
  readonly valid?: boolean;
  readonly onSubmit: () => void;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

/** A form within the list. It takes the focus, and Escape leaves it. */
function Question({ title, action, danger = false, valid = true, onSubmit, onClose, children }: QuestionProps) {
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    const element = form.current;
    element?.querySelector<HTMLElement>('input, button[type="submit"]')?.focus();
    element?.scrollIntoView({ block: 'nearest' });
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

const uses: Record<ImageFormat, string> = {
  qcow2: 'For QEMU and most other hypervisors. What is empty takes no room.',
  raw: 'The disk as it is, byte by byte.',
  gzip: 'The smallest to send or to put away; every system unpacks it.',
  zstd: 'Packs and unpacks faster than gzip.',
};

function ExportForm({ disk, work, base, onClose }: Props) {
  const [format, setFormat] = useState<ImageFormat>('qcow2');
  return (
    <Question
      title={`Export ${nameOfDisk(disk)}`}
      action="Export"
      onSubmit={() => void work.export(disk, format, base)}
      onClose={onClose}
    >
      <Choices label="Format of the file" options={formats} value={format} onChange={setFormat} hint={uses[format]} />
    </Question>
  );
}

function DeleteForm({ disk, work, onGone, onClose }: Props) {
  const erase = async (): Promise<void> => {
    if (await work.delete(disk)) onGone();
  };
  return (
    <Question
      title={`Delete ${nameOfDisk(disk)}`}
      action="Delete"
      danger
      onSubmit={() => void erase()}
      onClose={onClose}
    >
      <p>All that is on “{nameOfDisk(disk)}” will be gone. Export it first if you may want it again.</p>
    </Question>
  );
}
