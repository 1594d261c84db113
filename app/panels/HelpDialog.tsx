import { Fragment } from 'react';
import { Dialog } from '../parts/Dialog.tsx';
import { keysOf, shortcuts } from '../shortcuts.ts';

/** A shortcut's keys as they are written on a keyboard. */
function Keys({ keys }: { readonly keys: readonly string[] }) {
  return keys.map((key, index) => (
    <Fragment key={key}>
      {index > 0 && '+'}
      <kbd>{key}</kbd>
    </Fragment>
  ));
}

export function HelpDialog({ onClose }: { readonly onClose: () => void }) {
  return (
    <Dialog title="Help" onClose={onClose} wide>
      <div className="dialog-body help" tabIndex={0}>
        <h3>Keyboard</h3>
        <p>
          All keys go to the guest while the console has the focus, <kbd>Tab</kbd> and <kbd>Esc</kbd> included. The page
          keeps these few, which mean nothing to a terminal:
        </p>
        <table>
          <tbody>
            {shortcuts.map(({ command, does }) => (
              <tr key={command}>
                <td>
                  <Keys keys={keysOf(command)} />
                </td>
                <td>{does}</td>
              </tr>
            ))}
            <tr>
              <td>
                <Keys keys={['Ctrl', 'Shift', 'V']} />
              </td>
              <td>Paste (on a Mac, ⌘V)</td>
            </tr>
          </tbody>
        </table>
        <h3>The disk</h3>
        <p>
          What the guest writes is kept in this browser, and is there again after a reload. Deleted files give their
          space back when the guest says so: <code>fstrim -v /</code>. Power off by typing <code>poweroff</code>; the
          button is the power switch, and what the guest has not yet written then is lost. <strong>Disks</strong> has
          all that this browser keeps: import and export them, start from another, duplicate or delete them. Export what
          matters: a browser can lose what it keeps.
        </p>
        <h3>Trust</h3>
        <p>
          The guest is a whole computer in a sandbox: it reaches neither your files nor your network, and another site’s
          link cannot run anything before you have seen it and pressed Start.
        </p>
      </div>
    </Dialog>
  );
}
