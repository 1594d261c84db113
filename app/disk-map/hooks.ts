import { useCallback, useEffect, useState, useSyncExternalStore } from 'react';
import type { Session } from '../machine/session.ts';

/** Has the maps of the machine's disks told while the caller is drawn, and seen. Returns what takes the number of cells. */
export function useWatchedDisks(session: Session): (cells: number) => void {
  const [cells, setCells] = useState(0);
  useEffect(() => {
    const watch = (): void => void session.watchDisks(document.visibilityState === 'hidden' ? 0 : cells);
    watch();
    document.addEventListener('visibilitychange', watch);
    return () => document.removeEventListener('visibilitychange', watch);
  }, [session, cells]);
  useEffect(() => () => void session.watchDisks(0), [session]);
  return setCells;
}

function observeTheme(listener: () => void): () => void {
  const observer = new MutationObserver(listener);
  observer.observe(document.documentElement, { attributeFilter: ['data-theme'] });
  return () => observer.disconnect();
}

/** The page's colours, by their name. */
export function useTheme(): string {
  return useSyncExternalStore(observeTheme, () => document.documentElement.dataset['theme'] ?? '');
}

/** Pixels of the screen in one of the style sheet; it changes when the window goes to another screen, or is zoomed. */
export function usePixelRatio(): number {
  const subscribe = useCallback((listener: () => void): (() => void) => {
    let list: MediaQueryList;
    const follow = (): void => {
      list = matchMedia(`(resolution: ${devicePixelRatio}dppx)`);
      list.addEventListener('change', changed, { once: true });
    };
    const changed = (): void => {
      follow();
      listener();
    };
    follow();
    return () => list.removeEventListener('change', changed);
  }, []);
  return useSyncExternalStore(subscribe, () => devicePixelRatio);
}
