import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { messageOf } from '../machine/message.ts';
import { LinkError, readLink, type LinkedMachine } from './link/link.ts';
import { fetchImages, type DefaultImages } from './machine/images.ts';
import type { Session, SessionState } from './machine/session.ts';
import { readMachine, readPreferences, type MachineSettings, type Preferences } from './settings/settings.ts';
import { commandOf, type Command } from './shortcuts.ts';

/** The state as it is drawn: in a page that is not seen, only what the tab's title says is kept up to date. */
export function useSession(session: Session): SessionState {
  const subscribe = useCallback(
    (listener: () => void) => {
      let drawn = session.getState().status;
      const draw = (): void => {
        const { status } = session.getState();
        if (document.visibilityState === 'hidden' && status === drawn) return;
        drawn = status;
        listener();
      };
      const unsubscribe = session.subscribe(draw);
      document.addEventListener('visibilitychange', draw);
      return () => {
        unsubscribe();
        document.removeEventListener('visibilitychange', draw);
      };
    },
    [session],
  );
  return useSyncExternalStore(subscribe, session.getState);
}

export function useMedia(query: string): boolean {
  const subscribe = useCallback(
    (listener: () => void) => {
      const list = matchMedia(query);
      list.addEventListener('change', listener);
      return () => list.removeEventListener('change', listener);
    },
    [query],
  );
  return useSyncExternalStore(subscribe, () => matchMedia(query).matches);
}

/** A value in localStorage, which may be forbidden, full, or hold anything. */
function useStored<T>(key: string, read: (text: string | null) => T): readonly [T, (value: T) => void] {
  const [value, setValue] = useState<T>(() => {
    try {
      return read(localStorage.getItem(key));
    } catch {
      return read(null);
    }
  });
  const store = useCallback(
    (value: T) => {
      setValue(value);
      try {
        localStorage.setItem(key, JSON.stringify(value));
      } catch {
        // It holds until the page is closed.
      }
    },
    [key],
  );
  return [value, store];
}

export const useMachineSettings = (): readonly [MachineSettings, (value: MachineSettings) => void] =>
  useStored('tabhyve.machine', readMachine);

/** The preferences, whether the page is dark, and how to change them. The document follows. */
export function usePreferences(): readonly [Preferences, (value: Preferences) => void, boolean] {
  const [preferences, store] = useStored('tabhyve.preferences', readPreferences);
  const systemIsDark = useMedia('(prefers-color-scheme: dark)');
  const dark = preferences.theme === 'system' ? systemIsDark : preferences.theme === 'dark';
  useEffect(() => {
    document.documentElement.dataset['theme'] = dark ? 'dark' : 'light';
  }, [dark]);
  return [preferences, store, dark];
}

export interface ImagesState {
  readonly images?: DefaultImages;
  readonly error?: string;
}

/** The site's guest images; neither images nor an error while their list is fetched. */
export function useImages(): ImagesState {
  const [state, setState] = useState<ImagesState>({});
  useEffect(() => {
    let gone = false;
    fetchImages(document.baseURI).then(
      (images) => gone || setState({ images }),
      (error: unknown) => gone || setState({ error: messageOf(error) }),
    );
    return () => {
      gone = true;
    };
  }, []);
  return state;
}

export interface LinkState {
  readonly link?: LinkedMachine;
  readonly error?: string;
}

function readAddress(): LinkState {
  try {
    const link = readLink(location.hash, location.href);
    return link ? { link } : {};
  } catch (error) {
    if (error instanceof LinkError) return { error: error.message };
    throw error;
  }
}

/** The machine in the page's address, and how to leave it for one's own. */
export function useLink(): readonly [LinkState, () => void] {
  const [state, setState] = useState(readAddress);
  useEffect(() => {
    const changed = (): void => setState(readAddress());
    addEventListener('hashchange', changed);
    return () => removeEventListener('hashchange', changed);
  }, []);
  const leave = useCallback(() => {
    history.replaceState(null, '', location.pathname + location.search);
    setState({});
  }, []);
  return [state, leave];
}

/** Calls `ended` when a machine ends that the person typed into. */
export function useEndOfWork({ status, touched }: SessionState, ended: () => void): void {
  const worked = useRef(false);
  const alive = status.state === 'running' || status.state === 'paused';
  useEffect(() => {
    if (touched) worked.current = true;
    if (alive || !worked.current) return;
    worked.current = false;
    ended();
  }, [alive, touched, ended]);
}

/** Has the browser ask before the page is left, while `work` may be lost. */
export function useLeaveWarning(work: boolean): void {
  useEffect(() => {
    if (!work) return;
    const ask = (event: BeforeUnloadEvent): void => event.preventDefault();
    addEventListener('beforeunload', ask);
    return () => removeEventListener('beforeunload', ask);
  }, [work]);
}

/** Runs commands by their shortcuts, wherever the focus is, but not behind a dialog. */
export function useShortcuts(commands: Readonly<Record<Command, () => void>>): void {
  const latest = useRef(commands);
  useEffect(() => {
    latest.current = commands;
  });
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      const command = commandOf(event);
      if (command === undefined || document.querySelector('dialog[open]')) return;
      event.preventDefault();
      event.stopPropagation();
      latest.current[command]();
    };
    // Before the console sees the key.
    addEventListener('keydown', pressed, { capture: true });
    return () => removeEventListener('keydown', pressed, { capture: true });
  }, []);
}

/** Tells of files that are dragged over the page and dropped on it. */
export function useFileDrop(onDrop: (files: readonly File[]) => void): boolean {
  const [over, setOver] = useState(false);
  useEffect(() => {
    const isFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') ?? false;
    const drag = (event: DragEvent): void => {
      if (!isFiles(event)) return;
      event.preventDefault();
      setOver(true);
    };
    const leave = (event: DragEvent): void => {
      if (event.relatedTarget === null) setOver(false);
    };
    const drop = (event: DragEvent): void => {
      setOver(false);
      if (!isFiles(event) || event.defaultPrevented) return;
      event.preventDefault();
      if (document.querySelector('dialog[open]')) return;
      onDrop([...(event.dataTransfer?.files ?? [])]);
    };
    addEventListener('dragover', drag);
    addEventListener('dragleave', leave);
    addEventListener('drop', drop);
    return () => {
      removeEventListener('dragover', drag);
      removeEventListener('dragleave', leave);
      removeEventListener('drop', drop);
    };
  }, [onDrop]);
  return over;
}
