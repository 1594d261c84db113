import { useId, useState, type DragEvent } from 'react';
import { noFiles, type OwnFile, type OwnFiles } from '../machine/plan.ts';
import { Dialog } from '../parts/Dialog.tsx';
import { Icon } from '../parts/Icon.tsx';
import { formatBytes } from '../units.ts';
import type { Role } from './identify.ts';
import { readFiles, type ReadFile } from './read-files.ts';

interface Props {
  readonly files: OwnFiles;
  /** Files that were dropped on the page to open this dialog. */
  readonly dropped: readonly ReadFile[];
  readonly alive: boolean;
  readonly onFiles: (files: OwnFiles) => void;
  /** A disk image is to be imported, and the machine to start from it. */
  readonly onImport: (file: OwnFile) => void;
  readonly onClose: () => void;
}

const roles: readonly (readonly [Role, string])[] = [
  ['kernel', 'Kernel'],
  ['initrd', 'Initramfs'],
  ['disk', 'Disk'],
  ['firmware', 'Firmware'],
];

/** The chosen files as the dialog lists them: what the person gave before, and what came with this drop. */
function listOf(files: OwnFiles, dropped: readonly ReadFile[]): readonly ReadFile[] {
  const chosen = roles.flatMap(([role]): readonly ReadFile[] => {
    const file = files[role];
    return file ? [{ ...file, identity: { role, what: 'chosen before' } }] : [];
  });
  return merge(chosen, dropped);
}

/** One file for each role: a later one takes the place of an earlier one. */
function merge(list: readonly ReadFile[], more: readonly ReadFile[]): readonly ReadFile[] {
  return more.reduce(
    (all, file) => [...all.filter(({ identity }) => identity.role !== file.identity.role), file],
    list,
  );
}

/** Gives the machine files of the person's own: by picker, or by dropping them. */
export function FilesDialog({ files, dropped, alive, onFiles, onImport, onClose }: Props) {
  const [list, setList] = useState(() => listOf(files, dropped));
  const [mode, setMode] = useState(files.mode);
  const [keepChanges, setKeepChanges] = useState(files.keepChanges);
  const [wantsImport, setWantsImport] = useState(false);
  const [over, setOver] = useState(false);
  const picker = useId();

  const add = async (given: FileList | null): Promise<void> => {
    const read = await readFiles([...(given ?? [])]);
    setList((before) => merge(before, read));
  };
  const drop = (event: DragEvent): void => {
    event.preventDefault();
    setOver(false);
    void add(event.dataTransfer.files);
  };
  const has = (role: Role): boolean => list.some(({ identity }) => identity.role === role);
  const disk = list.find(({ identity }) => identity.role === 'disk');
  const mustImport = disk?.identity.importOnly !== undefined;
  const imported = disk && (mustImport || wantsImport) ? disk : undefined;
  const use = (): void => {
    const chosen = Object.fromEntries(
      list
        .filter((file) => file !== imported)
        .map(({ blob, name, identity }): [Role, OwnFile] => [identity.role, { blob, name }]),
    );
    onFiles({ ...noFiles, ...chosen, mode, keepChanges: keepChanges && !imported });
    onClose();
    if (imported) onImport({ blob: imported.blob, name: imported.name });
  };
  const faulty = list.some(({ identity }) => identity.fault !== undefined);

  return (
    <Dialog title="Your own files" onClose={onClose} wide>
      <div className="dialog-body">
        <label
          className="drop-zone"
          data-over={over}
          htmlFor={picker}
          onDragOver={(event) => {
            event.preventDefault();
            setOver(true);
          }}
          onDragLeave={() => setOver(false)}
          onDrop={drop}
        >
          <Icon name="files" />
          <span>
            <strong>Drop files here, or choose them</strong>
            <small>
              A RISC-V Linux kernel, an initramfs, a disk image, firmware: what is what is told by the content. They
              stay on this computer.
            </small>
          </span>
          <input
            id={picker}
            type="file"
            multiple
            className="visually-hidden"
            onChange={(event) => {
              void add(event.target.files);
              event.target.value = '';
            }}
          />
        </label>
        <ul className="own-files" aria-label="Chosen files">
          {list.map((file, index) => (
            <li key={`${file.name}-${index}`}>
              <select
                aria-label={`Use ${file.name} as`}
                value={file.identity.role}
                onChange={(event) => {
                  const role = event.target.value as Role;
                  const others = list.filter((other) => other !== file);
                  setList(merge(others, [{ ...file, identity: { ...file.identity, role } }]));
                }}
              >
                {roles.map(([role, name]) => (
                  <option key={role} value={role}>
                    {name}
                  </option>
                ))}
              </select>
              <span>
                {file.name}
                <small>
                  {file.identity.what}, {formatBytes(file.blob.size)}
                </small>
                {file === disk && mustImport && (
                  <small>It will be imported, since {file.identity.importOnly}: the browser then keeps the disk.</small>
                )}
                {file.identity.fault !== undefined && (
                  <small className="fault" role="alert">
                    {file.identity.fault}
                  </small>
                )}
              </span>
              <button
                type="button"
                className="icon-button"
                aria-label={`Remove ${file.name}`}
                onClick={() => setList(list.filter((other) => other !== file))}
              >
                <Icon name="close" />
              </button>
            </li>
          ))}
        </ul>
        {has('kernel') && !has('firmware') && (
          <label className="check">
            <input
              type="checkbox"
              checked={mode === 'none'}
              onChange={(event) => setMode(event.target.checked ? 'none' : 'sbi')}
            />
            Start the kernel on bare metal, in machine mode (xv6, test programs; not Linux)
          </label>
        )}
        {disk && !mustImport && (
          <>
            <label className="check">
              <input type="checkbox" checked={wantsImport} onChange={(event) => setWantsImport(event.target.checked)} />
              Import the disk: all of it is copied into this browser, and the file is needed no more
            </label>
            <label className="check">
              <input
                type="checkbox"
                checked={keepChanges && !imported}
                disabled={imported !== undefined}
                onChange={(event) => setKeepChanges(event.target.checked)}
              />
              Keep what the guest writes to the disk in this browser (the file itself never changes)
            </label>
          </>
        )}
        {has('kernel') && !has('initrd') && !has('disk') && (
          <p className="hint">
            Without an initramfs and a disk, the kernel finds an empty disk that this browser keeps.
          </p>
        )}
        {alive && <p className="hint">The files take effect when the machine is powered off and started again.</p>}
      </div>
      <footer className="dialog-footer">
        <button type="button" className="button" onClick={onClose}>
          Cancel
        </button>
        <button type="button" className="button button-primary" disabled={faulty} onClick={use}>
          {list.length === 0 ? "Use the site's images" : imported ? 'Import and use' : 'Use these files'}
        </button>
      </footer>
    </Dialog>
  );
}
