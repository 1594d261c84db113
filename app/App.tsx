import { useCallback, useEffect, useRef, useState } from 'react';
import type { MachineSpec } from '../machine/api.ts';
import { messageOf } from '../machine/message.ts';
import type { ConsoleHandle } from './console/terminal.ts';
import { Console } from './console/Console.tsx';
import { TouchKeys } from './console/TouchKeys.tsx';
import { DiskWork } from './disks/disk-work.ts';
import { Jobs } from './disks/jobs.ts';
import { askToKeep } from './disks/keep.ts';
import { useJobs } from './disks/use-disks.ts';
import { readFiles, type ReadFile } from './files/read-files.ts';
import { publishHandle } from './handle.ts';
import * as hooks from './hooks.ts';
import type { LinkedMachine } from './link/link.ts';
import { BadLinkCard, LinkCard } from './link/LinkCard.tsx';
import { noFiles, onlyReading, specOf, whenFree, type OwnFile, type OwnFiles, type Plan } from './machine/plan.ts';
import type { Session } from './machine/session.ts';
import { Dialogs, type DialogName } from './panels/Dialogs.tsx';
import { Figures, FiguresLine } from './panels/Figures.tsx';
import { Header } from './panels/Header.tsx';
import { StartCard } from './panels/StartCard.tsx';
import { Welcome } from './panels/Welcome.tsx';
import { Notices } from './parts/Notices.tsx';
import { wordFor } from './parts/StatusPill.tsx';
import type { Command } from './shortcuts.ts';
import { TourPanel } from './tour/TourPanel.tsx';

const nextTheme = { system: 'light', light: 'dark', dark: 'system' } as const;

/** The page: the console, what stands around it, and the commands. */
export function App({ session }: { readonly session: Session }): React.JSX.Element {
  const state = hooks.useSession(session);
  const [settings, setSettings] = hooks.useMachineSettings();
  const [preferences, setPreferences, dark] = hooks.usePreferences();
  const narrow = hooks.useMedia('(max-width: 899px)');
  const { images, error: imagesError } = hooks.useImages();
  const [{ link, error: linkError }, leaveLink] = hooks.useLink();
  const [files, setFiles] = useState<OwnFiles>(noFiles);
  const [console, setConsole] = useState<ConsoleHandle>();
  const [dialog, setDialog] = useState<DialogName>();
  const [dropped, setDropped] = useState<readonly ReadFile[]>([]);
  const [searching, setSearching] = useState(false);
  const [touring, setTouring] = useState(false);
  /** Whether the panel is open in a narrow window, where it takes the console's room. */
  const [sheet, setSheet] = useState(false);
  const [problem, setProblem] = useState<string>();
  /** The link that was started last, and whether the person let its script run. */
  const [started, setStarted] = useState<{ readonly link: LinkedMachine | undefined; readonly runScript: boolean }>();
  /** The settings, for work that ends long after it was begun. */
  const latest = useRef(settings);
  const [jobs] = useState(() => new Jobs());
  const { job } = useJobs(jobs);
  const controls = useRef<HTMLDivElement>(null);

  const { status } = state;
  const alive = status.state === 'running' || status.state === 'paused';
  const plan: Plan = {
    settings,
    files,
    runScript: true,
    page: location.href,
    ...(images && { images }),
    ...(link && { link }),
  };
  // A link that came while another machine ran has to be shown before it is started.
  const isKnown = started !== undefined && started.link === link;
  const needsImages = link ? link.kernel === undefined : !files.kernel && !files.firmware;
  const obstacle = problem ?? (needsImages ? imagesError : undefined);
  const ready = console !== undefined && linkError === undefined && (!needsImages || images !== undefined);

  useEffect(() => {
    document.title = status.state === 'off' ? 'tabhyve' : `${wordFor(status)} · tabhyve`;
  }, [status]);
  useEffect(() => {
    latest.current = settings;
  }, [settings]);
  useEffect(() => {
    if (!console) return;
    publishHandle(session, console);
    void session.prepare();
  }, [session, console]);
  hooks.useLeaveWarning((alive && state.touched) || job !== undefined);
  hooks.useEndOfWork(state, askToKeep);
  const over = hooks.useFileDrop(
    useCallback((given) => {
      void readFiles(given).then((read) => {
        setDropped(read);
        setDialog('files');
      });
    }, []),
  );

  const start = async (runScript: boolean, change = (spec: MachineSpec): MachineSpec => spec): Promise<void> => {
    if (!console || !ready) return;
    setProblem(undefined);
    try {
      const spec = change(await specOf({ ...plan, runScript }, console.size));
      setStarted({ link, runScript });
      console.newMachine();
      await session.start(spec);
      console.focus();
    } catch (error) {
      setProblem(messageOf(error));
    }
  };
  // A script that the person did not want does not run the next time either.
  const startAgain = (change?: (spec: MachineSpec) => MachineSpec): Promise<void> =>
    start(isKnown ? (started?.runScript ?? true) : true, change);
  const restart = async (): Promise<void> => {
    console?.newMachine();
    await session.reset();
    console?.focus();
  };
  const run = async (): Promise<void> => {
    if (status.state === 'loading') return;
    if (status.state === 'running') return session.pause();
    if (status.state !== 'paused') return startAgain();
    await session.resume();
    console?.focus();
  };
  const leave = (): void => {
    const inConsole = document.activeElement?.closest('.console-terminal') !== null;
    if (inConsole) controls.current?.querySelector<HTMLElement>('button:not(:disabled)')?.focus();
    else console?.focus();
  };
  /** Shows how the file becomes a disk, of which the machine then starts. */
  const importDisk = async (file: OwnFile): Promise<void> => {
    setDialog('disks');
    const made = await new DiskWork(session, jobs).import(file, settings.store);
    if (made) setSettings({ ...latest.current, disk: { id: made.id, name: made.name } });
  };
  // Only where something was typed that may be lost, it is worth a question.
  const reset = (): void => (state.touched ? setDialog('reset') : void restart());
  const powerOff = (): void => (state.touched ? setDialog('powerOff') : void session.powerOff());
  const commands: Record<Command, () => void> = {
    run: () => void run(),
    reset: () => void (alive && reset()),
    powerOff: () => void ((alive || status.state === 'loading') && powerOff()),
    leave,
    find: () => setSearching(true),
    copy: () => void console?.copy().catch(() => session.report('This browser did not let the page copy.')),
    settings: () => setDialog('settings'),
    help: () => setDialog('help'),
  };
  hooks.useShortcuts(commands);

  const panelIsOpen = narrow ? sheet : preferences.panel;
  const setPanel = (open: boolean): void => (narrow ? setSheet(open) : setPreferences({ ...preferences, panel: open }));
  const tour = (): void => {
    setTouring(!touring);
    if (!touring && !panelIsOpen) setPanel(true);
  };

  const card = link ? (
    <LinkCard link={link} ready={ready} onStart={(script) => void start(script)} onLeave={leaveLink} />
  ) : (
    <Welcome
      settings={settings}
      files={files}
      ready={ready}
      onStart={() => void startAgain()}
      onFiles={() => setDialog('files')}
      onTour={tour}
    />
  );

  return (
    <div className="page">
      <Header
        status={status}
        ready={ready}
        theme={preferences.theme}
        touring={touring}
        panelIsOpen={panelIsOpen}
        diskWork={job?.title}
        controls={controls}
        onCommand={(command) => commands[command]()}
        onDialog={setDialog}
        onTour={tour}
        onPanel={() => setPanel(!panelIsOpen)}
        onTheme={() => setPreferences({ ...preferences, theme: nextTheme[preferences.theme] })}
      />
      <main className="main">
        <div className="stage" data-state={status.state}>
          <Console
            session={session}
            dark={dark}
            fontSize={preferences.fontSize}
            screenReader={preferences.screenReader}
            searching={searching}
            onSearchEnd={() => setSearching(false)}
            onHandle={setConsole}
          />
          <div className="overlay">
            {linkError !== undefined && !alive ? (
              <div className="start-card">
                <BadLinkCard reason={linkError} onLeave={leaveLink} />
              </div>
            ) : (
              <StartCard
                state={state}
                isNew={!isKnown}
                obstacle={obstacle}
                onStart={() => void startAgain()}
                onCancel={() => void session.powerOff()}
                onErase={() => setDialog('erase')}
                onWait={() => void startAgain(whenFree)}
                onRead={() => void startAgain(onlyReading)}
              >
                {card}
              </StartCard>
            )}
          </div>
          <Notices troubles={state.troubles} onDismiss={(id) => session.dismiss(id)} />
        </div>
        {panelIsOpen && (
          <aside className="side" aria-label="Figures">
            {touring && (
              <TourPanel
                session={session}
                onType={(command) => {
                  console?.type(`${command}\r`);
                  console?.focus();
                }}
                onClose={() => setTouring(false)}
              />
            )}
            <Figures session={session} state={state} />
          </aside>
        )}
      </main>
      <footer className="strip">
        {console && <TouchKeys handle={console} />}
        <FiguresLine state={state} />
      </footer>
      {over && <div className="drop-veil">Drop a kernel, an initramfs, a disk or firmware</div>}
      {dialog !== undefined && (
        <Dialogs
          name={dialog}
          session={session}
          state={state}
          plan={plan}
          preferences={preferences}
          jobs={jobs}
          dropped={dropped}
          onSettings={setSettings}
          onPreferences={setPreferences}
          onFiles={(chosen) => {
            setFiles(chosen);
            setProblem(undefined);
          }}
          onImport={(file) => void importDisk(file)}
          onReset={() => void restart()}
          onClose={() => {
            setDialog(undefined);
            setDropped([]);
          }}
        />
      )}
    </div>
  );
}
