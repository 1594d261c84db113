import { useId, useState } from 'react';
import { roomFor } from '../machine/plan.ts';
import { Dialog } from '../parts/Dialog.tsx';
import { Icon } from '../parts/Icon.tsx';
import { CMDLINE_LIMIT } from '../settings/settings.ts';
import { LONGEST_TITLE, writeLink, type LinkedMachine } from './link.ts';

interface Props {
  /** The machine as it is, which the link will describe. */
  readonly machine: LinkedMachine;
  /** Its command line without a script. */
  readonly cmdline: string;
  /** Names of the person's own files, which no link can carry. */
  readonly ownFiles: readonly string[];
  readonly page: string;
  readonly onClose: () => void;
}

/** Makes a link to a machine like this one. */
export function ShareDialog({ machine, cmdline, ownFiles, page, onClose }: Props) {
  const [title, setTitle] = useState(machine.title ?? '');
  const [script, setScript] = useState(machine.script ?? '');
  const [copied, setCopied] = useState<'yes' | 'no'>();
  const ids = { title: useId(), script: useId(), room: useId(), link: useId() };

  const room = roomFor(script, cmdline);
  const fits = room >= 0;
  const { title: _, script: __, ...rest } = machine;
  const text = { ...(title !== '' && { title }), ...(script !== '' && { script }) };
  const link = new URL(`#${writeLink({ ...rest, ...text })}`, page).href;

  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(link);
      setCopied('yes');
    } catch {
      setCopied('no');
    }
  };

  if (ownFiles.length > 0) {
    return (
      <Dialog title="Share this machine" onClose={onClose}>
        <div className="dialog-body">
          <p>
            This machine is made of your own files ({ownFiles.join(', ')}), and a link cannot carry files: it can name
            images of this site alone. Remove the files to share a machine, or put them on this site.
          </p>
        </div>
      </Dialog>
    );
  }

  return (
    <Dialog title="Share this machine" onClose={onClose} wide>
      <div className="dialog-body">
        <p>
          The link holds the whole description: memory, processors, disk size, command line and the script below.
          Nothing is uploaded. Whoever opens it gets a machine like this one with a disk of its own, and sees the script
          before it runs.
        </p>
        <label className="field" htmlFor={ids.title}>
          <span>Title</span>
          <input
            id={ids.title}
            type="text"
            maxLength={LONGEST_TITLE}
            placeholder="What is it for?"
            value={title}
            onChange={(event) => setTitle(event.target.value)}
          />
        </label>
        <label className="field" htmlFor={ids.script}>
          <span>Script to run after boot</span>
          <textarea
            id={ids.script}
            rows={5}
            spellCheck={false}
            className="code"
            placeholder={'echo "Hello from $(uname -m)"'}
            value={script}
            aria-describedby={ids.room}
            aria-invalid={!fits}
            onChange={(event) => setScript(event.target.value)}
          />
        </label>
        <p id={ids.room} className={fits ? 'hint' : 'hint fault'} role={fits ? undefined : 'alert'}>
          {fits
            ? `It travels in the kernel's command line: ${CMDLINE_LIMIT - room} of ${CMDLINE_LIMIT} bytes are used.`
            : `Too long: the command line would have ${CMDLINE_LIMIT - room} bytes, and a kernel takes ${CMDLINE_LIMIT}.`}
        </p>
        <label className="field" htmlFor={ids.link}>
          <span>Link</span>
          <input
            id={ids.link}
            type="text"
            readOnly
            className="code"
            value={fits ? link : ''}
            onFocus={(event) => event.target.select()}
          />
        </label>
      </div>
      <footer className="dialog-footer">
        <span className="hint" aria-live="polite">
          {copied === 'yes' && 'Copied.'}
          {copied === 'no' && 'This browser did not let the page copy. Select the link, and copy it yourself.'}
        </span>
        <button type="button" className="button button-primary" disabled={!fits} onClick={() => void copy()}>
          <Icon name="copy" />
          Copy the link
        </button>
      </footer>
    </Dialog>
  );
}
