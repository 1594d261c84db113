import { Icon } from '../parts/Icon.tsx';
import type { OwnFiles } from '../machine/plan.ts';
import type { MachineSettings } from '../settings/settings.ts';
import { formatBytes, formatMany } from '../units.ts';

interface Props {
  readonly settings: MachineSettings;
  readonly files: OwnFiles;
  readonly ready: boolean;
  readonly onStart: () => void;
  readonly onFiles: () => void;
  readonly onTour: () => void;
}

/** The machine in a row of words: memory, processors, disk. */
export function Facts({ settings, disk }: { readonly settings: MachineSettings; readonly disk: string }) {
  return (
    <ul className="facts" aria-label="The machine">
      <li>{formatBytes(settings.memoryMiB * 2 ** 20)} of memory</li>
      <li>{formatMany(settings.cpus, 'processor')}</li>
      <li>{disk}</li>
    </ul>
  );
}

function factOf(name: string | undefined, size: number): string {
  return name === undefined ? `disk of ${size} GiB, kept in this browser` : `disk ${name}`;
}

/** What a person finds who opens the page: the machine, and the button that starts it. */
export function Welcome({ settings, files, ready, onStart, onFiles, onTour }: Props) {
  const given = [files.firmware, files.kernel, files.initrd, files.disk].flatMap((file) => (file ? [file.name] : []));
  const stored = files.disk ? undefined : settings.disk?.name;
  const names = stored === undefined ? given : [...given, `the disk “${stored}”`];
  return (
    <>
      {names.length > 0 ? (
        <>
          <h2>Your own machine</h2>
          <p>
            Made of {names.join(', ')}. {given.length > 0 && 'Your files stay on this computer.'}
          </p>
        </>
      ) : (
        <>
          <h2>Debian, in this tab</h2>
          <p>
            An unmodified Debian for RISC-V, with its own kernel, memory and disk. Nothing is installed, and nothing
            leaves this browser.
          </p>
        </>
      )}
      <Facts settings={settings} disk={factOf(files.disk?.name ?? stored, settings.diskGiB)} />
      <div className="start-actions">
        <button type="button" className="button button-primary button-large" onClick={onStart} disabled={!ready}>
          <Icon name="start" />
          Start
        </button>
      </div>
      <div className="start-actions start-more">
        <button type="button" className="link-button" onClick={onTour}>
          Take the walk-through
        </button>
        <button type="button" className="link-button" onClick={onFiles}>
          Use your own files
        </button>
      </div>
    </>
  );
}
