import { useState } from 'react';
import type { DiskEntry, ImageFormat } from '../../machine/api-disks.ts';
import { Choices } from '../parts/Choices.tsx';
import { NumberField, numberOf } from '../parts/NumberField.tsx';
import { TextField } from '../parts/TextField.tsx';
import { faultOfNumber, GiB, limits, LONGEST_NAME } from '../settings/settings.ts';
import type { DiskAction } from './actions.ts';
import type { DiskWork } from './disk-work.ts';
import { formats, nameOfDisk, stores } from './names.ts';
import { Question } from './Question.tsx';

interface Props {
  readonly disk: DiskEntry;
  readonly work: DiskWork;
  /** The person's file that it lies over, if it does and they have given it. */
  readonly base: Blob | undefined;
  /** The machine of this page has it open. */
  readonly isOurs: boolean;
  /** What it lies over, for a person. */
  readonly lies: string | undefined;
  readonly onRenamed: (name: string) => void;
  readonly onDeleted: () => void;
  readonly onClose: () => void;
}

/** Asks what is to be known before something is done with a disk, and does it. */
export function DiskForm({ action, ...props }: Props & { readonly action: DiskAction }) {
  const { disk, work, lies, onRenamed, onDeleted, onClose } = props;
  const name = nameOfDisk(disk);
  const whenDone = async (work: Promise<boolean>, then: () => void): Promise<void> => {
    if (await work) then();
  };
  switch (action) {
    case 'export':
      return <ExportForm {...props} />;
    case 'rename': {
      const rename = (to: string): void => void whenDone(work.rename(disk, to), () => onRenamed(to));
      return <NameForm title={`Rename ${name}`} action="Rename" first={name} onName={rename} onClose={onClose} />;
    }
    case 'clone':
      return (
        <NameForm
          title={`Duplicate ${name}`}
          action="Duplicate"
          first={`${name} copy`}
          hint="A disk of its own with the same content. Neither changes the other."
          onName={(to) => void work.clone(disk, to)}
          onClose={onClose}
        />
      );
    case 'over':
      return (
        <NameForm
          title={`New disk over ${name}`}
          action="Make it"
          first={`${name} 2`}
          hint={`It begins with what is on “${name}”, and keeps only what is changed. “${name}” itself stays as it is as long as there are disks over it.`}
          onName={(to) => void work.createOver(disk, to)}
          onClose={onClose}
        />
      );
    case 'resize':
      return <ResizeForm {...props} />;
    case 'move': {
      const to = disk.store === 'opfs' ? 'indexeddb' : 'opfs';
      return (
        <Question title={`Move ${name}`} action="Move" onSubmit={() => void work.move(disk, to)} onClose={onClose}>
          <p>
            {to === 'opfs'
              ? 'It moves from the browser’s database into a file of the browser, which is faster.'
              : 'It moves from a file of the browser into the browser’s database.'}{' '}
            Meanwhile there has to be room for both. If it is called off or interrupted, the disk is where it was.
          </p>
        </Question>
      );
    }
    case 'reset': {
      const reset = (): void => void work.reset(disk);
      return (
        <Question title={`Reset ${name}`} action="Reset" danger onSubmit={reset} onClose={onClose}>
          <p>
            All that was written to “{name}” will be gone: it is {lies === undefined ? 'empty' : `like ${lies}`} then.
            Export it first if you may want it again.
          </p>
        </Question>
      );
    }
    case 'commit': {
      const commit = (): void => void work.commit(disk);
      return (
        <Question title={`Commit ${name}`} action="Commit" danger onSubmit={commit} onClose={onClose}>
          <p>
            What was changed on “{name}” is written into {lies}, whose old content will be gone. “{name}” is kept,
            without changes of its own.
          </p>
        </Question>
      );
    }
    case 'delete': {
      const erase = (): void => void whenDone(work.delete(disk), onDeleted);
      return (
        <Question title={`Delete ${name}`} action="Delete" danger onSubmit={erase} onClose={onClose}>
          <p>All that is on “{name}” will be gone. Export it first if you may want it again.</p>
        </Question>
      );
    }
  }
}

const uses: Record<ImageFormat, string> = {
  qcow2: 'For QEMU and most other hypervisors. What is empty takes no room.',
  raw: 'The disk as it is, byte by byte.',
  gzip: 'The smallest to send or to put away; every system unpacks it.',
  zstd: 'Unpacks faster than gzip.',
};

function ExportForm({ disk, work, base, onClose }: Props) {
  const [format, setFormat] = useState<ImageFormat>('qcow2');
  const submit = (): void => void work.export(disk, format, base);
  return (
    <Question title={`Export ${nameOfDisk(disk)}`} action="Export" onSubmit={submit} onClose={onClose}>
      <Choices label="Format of the file" options={formats} value={format} onChange={setFormat} hint={uses[format]} />
    </Question>
  );
}

interface NameProps {
  readonly title: string;
  readonly action: string;
  readonly first: string;
  readonly hint?: string;
  readonly onName: (name: string) => void;
  readonly onClose: () => void;
}

function NameForm({ title, action, first, hint, onName, onClose }: NameProps) {
  const [name, setName] = useState(first.slice(0, LONGEST_NAME));
  const text = name.trim();
  return (
    <Question title={title} action={action} valid={text !== ''} onSubmit={() => onName(text)} onClose={onClose}>
      <TextField label="Name" text={name} longest={LONGEST_NAME} onChange={setName} />
      {hint !== undefined && <p className="hint">{hint}</p>}
    </Question>
  );
}

function ResizeForm({ disk, work, isOurs, onClose }: Props) {
  const least = Math.floor(disk.size / GiB) + 1;
  const sizes = { min: least, max: Math.max(limits.diskGiB.max, 2 * least), step: 1 };
  const [text, setText] = useState(String(least));
  const size = numberOf(text);
  const fault = faultOfNumber(size, sizes);
  return (
    <Question
      title={`Make ${nameOfDisk(disk)} larger`}
      action="Make larger"
      valid={fault === undefined}
      onSubmit={() => void work.resize(disk, size * GiB, isOurs)}
      onClose={onClose}
    >
      <NumberField label="New size" unit="GiB" text={text} fault={fault} limits={sizes} onChange={setText} />
      <p className="hint">The file system on it grows when the guest says so: for ext4, resize2fs /dev/vda.</p>
    </Question>
  );
}

interface NewDiskProps {
  readonly work: DiskWork;
  /** What new disks are like, by the settings. */
  readonly settings: { readonly diskGiB: number; readonly store?: 'indexeddb' | 'opfs' };
  readonly onMade: (disk: DiskEntry) => void;
  readonly onClose: () => void;
}

/** Makes an empty disk. */
export function NewDiskForm({ work, settings, onMade, onClose }: NewDiskProps) {
  const [name, setName] = useState('New disk');
  const [text, setText] = useState(String(settings.diskGiB));
  const [store, setStore] = useState(settings.store ?? 'indexeddb');
  const size = numberOf(text);
  const fault = faultOfNumber(size, limits.diskGiB);
  const make = async (): Promise<void> => {
    const made = await work.create({ name: name.trim(), size: size * GiB, store });
    if (made) onMade(made);
  };
  return (
    <Question
      title="New disk"
      action="Make it"
      valid={fault === undefined && name.trim() !== ''}
      onSubmit={() => void make()}
      onClose={onClose}
    >
      <div className="fields">
        <TextField label="Name" text={name} longest={LONGEST_NAME} onChange={setName} />
        <NumberField label="Size" unit="GiB" text={text} fault={fault} limits={limits.diskGiB} onChange={setText} />
      </div>
      <Choices label="Kept in" options={stores} value={store} onChange={setStore} />
      <p className="hint">It is empty, and occupies only what is written to it.</p>
    </Question>
  );
}
