import { Icon } from '../parts/Icon.tsx';
import { Facts } from '../panels/Welcome.tsx';
import { foreignHost, visible, type LinkedMachine } from './link.ts';

interface Props {
  readonly link: LinkedMachine;
  readonly ready: boolean;
  /** Called with whether the script is to run. */
  readonly onStart: (runScript: boolean) => void;
  readonly onLeave: () => void;
}

const images = [
  ['kernel', 'Kernel'],
  ['initrd', 'Initial file system'],
  ['root', 'Disk image'],
] as const;

/** A machine that came in a link: shown with all that it runs, before any of it runs. */
export function LinkCard({ link, ready, onStart, onLeave }: Props) {
  const words = link.cmdline ?? link.additions;
  const host = foreignHost(link, location.href);
  return (
    <>
      <h2>{link.title === undefined ? 'A machine from a link' : visible(link.title)}</h2>
      <p>
        Somebody made this machine for whoever opens the link. It gets a disk of its own: your own machine and its disk
        are not touched, and it reaches nothing outside of itself.
      </p>
      <Facts settings={link} disk={`a disk of its own, ${link.diskGiB} GiB`} />
      {host !== undefined && (
        <p>
          Its disk image comes from <strong>{visible(host)}</strong>, which is not this site: that server learns that
          you start the machine, and which parts of the image it reads.
        </p>
      )}
      {link.script !== undefined && (
        <figure className="script">
          <figcaption>It runs this script after boot:</figcaption>
          <pre tabIndex={0}>{visible(link.script)}</pre>
        </figure>
      )}
      {(words !== undefined || images.some(([key]) => link[key] !== undefined)) && (
        <dl className="link-details">
          {words !== undefined && (
            <>
              <dt>{link.cmdline === undefined ? 'Added to the command line' : 'Command line'}</dt>
              <dd>
                <code>{words}</code>
              </dd>
            </>
          )}
          {images.map(([key, name]) => {
            const url = link[key];
            return (
              url !== undefined && (
                <div key={key}>
                  <dt>{name}</dt>
                  <dd>
                    <code>{visible(url)}</code>
                  </dd>
                </div>
              )
            );
          })}
        </dl>
      )}
      <div className="start-actions">
        <button
          type="button"
          className="button button-primary button-large"
          disabled={!ready}
          onClick={() => onStart(true)}
        >
          <Icon name="start" />
          {link.script === undefined ? 'Start' : 'Start, and run the script'}
        </button>
      </div>
      <div className="start-actions start-more">
        {link.script !== undefined && (
          <button type="button" className="link-button" disabled={!ready} onClick={() => onStart(false)}>
            Start without the script
          </button>
        )}
        <button type="button" className="link-button" onClick={onLeave}>
          Go to your own machine
        </button>
      </div>
    </>
  );
}

/** A link that cannot be opened. */
export function BadLinkCard({ reason, onLeave }: { readonly reason: string; readonly onLeave: () => void }) {
  return (
    <>
      <h2>This link cannot be opened</h2>
      <p className="problem" role="alert">
        <Icon name="warning" />
        <span>{reason}</span>
      </p>
      <div className="start-actions">
        <button type="button" className="button button-primary" onClick={onLeave}>
          Go to your own machine
        </button>
      </div>
    </>
  );
}
