import { useId, useState } from 'react';
import { stores } from '../disks/names.ts';
import { Choices } from '../parts/Choices.tsx';
import { Dialog } from '../parts/Dialog.tsx';
import { Icon } from '../parts/Icon.tsx';
import { NumberField, numberOf } from '../parts/NumberField.tsx';
import {
  CMDLINE_LIMIT,
  defaultMachine,
  faultOfCmdline,
  faultOfNumber,
  fontSizes,
  limits,
  type MachineSettings,
  type Preferences,
} from './settings.ts';

interface Props {
  readonly settings: MachineSettings;
  readonly preferences: Preferences;
  /** The images' own command line. */
  readonly defaultCmdline: string;
  /** Whether a machine runs, for which changes come too late. */
  readonly alive: boolean;
  /** Shows the disks. */
  readonly onDisks: () => void;
  readonly onSettings: (settings: MachineSettings) => void;
  readonly onPreferences: (preferences: Preferences) => void;
  readonly onClose: () => void;
}

type NumberName = 'memoryMiB' | 'cpus' | 'diskGiB';
const numbers = [
  ['memoryMiB', 'Memory', 'MiB'],
  ['cpus', 'Processors', ''],
  ['diskGiB', 'Size of a new disk', 'GiB'],
] as const;

/** The machine's size, the disks of this browser, and how the page looks. */
export function SettingsDialog(props: Props) {
  const { settings, preferences, defaultCmdline, alive, onSettings, onPreferences, onClose } = props;
  const [texts, setTexts] = useState(() => textsOf(settings, defaultCmdline));
  const [store, setStore] = useState(settings.store ?? 'indexeddb');
  const cmdlineId = useId();
  const cmdlineFault = faultOfCmdline(texts.cmdline);
  const faults = numbers.map(([name]) => faultOfNumber(numberOf(texts[name]), limits[name]));
  const isValid = cmdlineFault === undefined && faults.every((fault) => fault === undefined);

  const save = (): void => {
    if (!isValid) return;
    const { cmdline } = texts;
    onSettings({
      memoryMiB: numberOf(texts.memoryMiB),
      cpus: numberOf(texts.cpus),
      diskGiB: numberOf(texts.diskGiB),
      ...(cmdline !== defaultCmdline && { cmdline }),
      ...(store !== 'indexeddb' && { store }),
      ...(settings.disk && { disk: settings.disk }),
    });
    onClose();
  };

  const restore = (): void => {
    setTexts(textsOf(defaultMachine, defaultCmdline));
    setStore('indexeddb');
  };

  return (
    <Dialog title="Settings" onClose={onClose} wide>
      <form
        className="dialog-body"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          save();
        }}
      >
        <fieldset>
          <legend>Machine</legend>
          {alive && <p className="hint">Changes take effect when the machine is powered off and started again.</p>}
          <div className="fields">
            {numbers.map(([name, label, unit], index) => (
              <NumberField
                key={name}
                label={label}
                unit={unit}
                text={texts[name]}
                fault={faults[index]}
                limits={limits[name]}
                onChange={(text) => setTexts({ ...texts, [name]: text })}
              />
            ))}
          </div>
          <Choices
            label="A new disk is kept in"
            options={stores}
            value={store}
            onChange={setStore}
            hint="A file is faster, and open in one tab at a time. A disk that exists stays where it is."
          />
          <label className="field" htmlFor={cmdlineId}>
            <span>Kernel command line</span>
            <textarea
              id={cmdlineId}
              className="code"
              rows={5}
              spellCheck={false}
              value={texts.cmdline}
              aria-invalid={cmdlineFault !== undefined}
              aria-describedby={`${cmdlineId}-hint`}
              onChange={(event) => setTexts({ ...texts, cmdline: event.target.value.replaceAll('\n', ' ') })}
            />
          </label>
          <p id={`${cmdlineId}-hint`} className={cmdlineFault ? 'hint fault' : 'hint'}>
            {cmdlineFault ? `It ${cmdlineFault}.` : `${texts.cmdline.length} of ${CMDLINE_LIMIT} bytes.`}
          </p>
          <button type="button" className="button" onClick={restore}>
            Restore the defaults
          </button>
        </fieldset>
        <fieldset>
          <legend>Disks</legend>
          <p className="hint">
            The machine starts from {settings.disk ? `“${settings.disk.name}”` : 'its default disk'}. Choose another,
            import, export or delete disks:
          </p>
          <button type="button" className="button" onClick={props.onDisks}>
            <Icon name="disk" />
            Disks in this browser…
          </button>
        </fieldset>
        <Look preferences={preferences} onPreferences={onPreferences} />
      </form>
      <footer className="dialog-footer">
        <button type="button" className="button" onClick={onClose}>
          Cancel
        </button>
        <button type="button" className="button button-primary" disabled={!isValid} onClick={save}>
          Save
        </button>
      </footer>
    </Dialog>
  );
}

function textsOf({ memoryMiB, cpus, diskGiB, cmdline }: MachineSettings, defaultCmdline: string) {
  return {
    memoryMiB: String(memoryMiB),
    cpus: String(cpus),
    diskGiB: String(diskGiB),
    cmdline: cmdline ?? defaultCmdline,
  } satisfies Record<NumberName | 'cmdline', string>;
}

const themes = [
  ['system', "The system's"],
  ['light', 'Light'],
  ['dark', 'Dark'],
] as const;

interface LookProps {
  readonly preferences: Preferences;
  readonly onPreferences: (preferences: Preferences) => void;
}

/** Takes effect at once. */
function Look({ preferences, onPreferences }: LookProps) {
  const id = useId();
  return (
    <fieldset>
      <legend>Page</legend>
      <Choices
        label="Colours"
        labelHidden
        options={themes}
        value={preferences.theme}
        onChange={(theme) => onPreferences({ ...preferences, theme })}
      />
      <label className="field field-row" htmlFor={`${id}-size`}>
        <span>Text size in the console</span>
        <input
          id={`${id}-size`}
          type="range"
          {...fontSizes}
          value={preferences.fontSize}
          onChange={(event) => onPreferences({ ...preferences, fontSize: Number(event.target.value) })}
        />
        <output htmlFor={`${id}-size`}>{preferences.fontSize} px</output>
      </label>
      <label className="check">
        <input
          type="checkbox"
          checked={preferences.screenReader}
          onChange={(event) => onPreferences({ ...preferences, screenReader: event.target.checked })}
        />
        Read the console to a screen reader
      </label>
    </fieldset>
  );
}
