/** The console: xterm.js and its addons. Loaded when the page is drawn, since it is the larger part of the page's script. */

import '@xterm/xterm/css/xterm.css';
import { FitAddon } from '@xterm/addon-fit';
import { SearchAddon, type ISearchOptions } from '@xterm/addon-search';
import { Unicode11Addon } from '@xterm/addon-unicode11';
import { WebLinksAddon } from '@xterm/addon-web-links';
import { Terminal } from '@xterm/xterm';
import { eachFrame, Output } from './output.ts';
import { dark, light } from './themes.ts';

export interface TerminalOptions {
  readonly dark: boolean;
  readonly fontSize: number;
  readonly screenReader: boolean;
  /** What the person typed or pasted, and what the terminal answers to the guest's questions. */
  readonly onInput: (bytes: Uint8Array) => void;
  readonly onResize: (columns: number, rows: number) => void;
  /** Which match is shown, from 0, and how many there are; index -1 when there are too many to count. */
  readonly onMatches: (index: number, count: number) => void;
}

/** What the page does with the console. */
export interface ConsoleHandle {
  readonly size: { readonly columns: number; readonly rows: number };
  /** Takes the guest's output; resolves when there is room for more. */
  print(bytes: Uint8Array): Promise<void>;
  /** Puts the terminal into the state in which a machine that starts finds it. What was printed stays. */
  newMachine(): void;
  focus(): void;
  /** Types for the person; the text goes where keys go. */
  type(text: string): void;
  /** An arrow key, as the guest's program has asked for it. */
  arrow(direction: 'A' | 'B' | 'C' | 'D'): void;
  /** Copies what is selected; false if nothing is. */
  copy(): Promise<boolean>;
  find(term: string, backwards: boolean, incremental: boolean): void;
  endSearch(): void;
  /** All that the console holds, scrollback included, without the spaces that end lines. */
  text(): string;
  change(options: Pick<TerminalOptions, 'dark' | 'fontSize' | 'screenReader'>): void;
  dispose(): void;
}

const SCROLLBACK = 10_000;

/**
 * Undoes what a guest that ended suddenly has left: mouse reports (1000 to 1006), bracketed paste, an invisible cursor; then
 * a soft reset (DECSTR). https://invisible-island.net/xterm/ctlseqs/
 */
const RECOVER = '\x1b[?1000;1002;1003;1004;1005;1006;2004l\x1b[!p\x1b[?25h\x1b[0m';
/** Leaves the alternate screen. On the normal one it would put the cursor where it was saved last. */
const LEAVE_ALTERNATE = '\x1b[?1049l';

/** Opens what the guest printed as a link. It is a stranger's: it gets neither this window nor its address. */
function open(uri: string): void {
  if (/^https?:/i.test(uri)) window.open(uri, '_blank', 'noopener,noreferrer');
}

const decorations = (isDark: boolean): NonNullable<ISearchOptions['decorations']> => ({
  matchBackground: isDark ? '#5a4a17' : '#f7e3a1',
  matchOverviewRuler: '#c99a2e',
  activeMatchBackground: isDark ? '#a8741a' : '#f3b64c',
  activeMatchColorOverviewRuler: '#e0a43c',
});

/** How long the cursor blinks after the last input or output, in milliseconds. */
const BLINKS_FOR = 15_000;

/** Lets the cursor stand still while nothing happens: each change of it is a frame that the browser draws. */
function restCursor(terminal: Terminal): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const blink = (): void => {
    clearTimeout(timer);
    terminal.options.cursorBlink = true;
    timer = setTimeout(() => (terminal.options.cursorBlink = false), BLINKS_FOR);
  };
  terminal.onData(blink);
  terminal.onWriteParsed(blink);
  blink();
}

/** Makes the console in `parent`, which it fills from then on. */
export function createTerminal(parent: HTMLElement, options: TerminalOptions): ConsoleHandle {
  let isDark = options.dark;
  const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
  const terminal = new Terminal({
    allowProposedApi: true,
    cursorBlink: !calm,
    fontFamily: 'ui-monospace, "SF Mono", "Cascadia Mono", "DejaVu Sans Mono", Menlo, Consolas, monospace',
    fontSize: options.fontSize,
    lineHeight: 1.15,
    linkHandler: {
      // The text of such a link (OSC 8) says nothing of where it leads.
      activate: (_, uri) => {
        if (confirm(`The guest's link leads to\n\n${uri}\n\nOpen it in a new tab?`)) open(uri);
      },
    },
    macOptionIsMeta: true,
    minimumContrastRatio: 4.5,
    rightClickSelectsWord: false,
    screenReaderMode: options.screenReader,
    scrollback: SCROLLBACK,
    theme: isDark ? dark : light,
  });
  const fit = new FitAddon();
  const search = new SearchAddon();
  terminal.loadAddon(fit);
  terminal.loadAddon(search);
  terminal.loadAddon(new Unicode11Addon());
  terminal.loadAddon(new WebLinksAddon((_, uri) => open(uri)));
  terminal.unicode.activeVersion = '11';
  terminal.open(parent);
  void drawFast(terminal);
  if (!calm) restCursor(terminal);

  const encoder = new TextEncoder();
  terminal.onData((text) => options.onInput(encoder.encode(text)));
  // Mouse reports of the oldest kind: bytes, not characters.
  terminal.onBinary((text) => options.onInput(Uint8Array.from(text, (byte) => byte.charCodeAt(0))));
  terminal.onResize(({ cols, rows }) => options.onResize(cols, rows));
  search.onDidChangeResults(({ resultIndex, resultCount }) => options.onMatches(resultIndex, resultCount));

  const output = new Output((bytes, drawn) => terminal.write(bytes, drawn), eachFrame);
  const fitNow = (): void => {
    if (parent.clientWidth > 0 && parent.clientHeight > 0) fit.fit();
  };
  fitNow();
  const observer = new ResizeObserver(() => eachFrame(fitNow));
  observer.observe(parent);

  return {
    get size() {
      return { columns: terminal.cols, rows: terminal.rows };
    },
    print: (bytes) => output.push(bytes),
    newMachine() {
      const { active, normal } = terminal.buffer;
      const isUsed = normal.cursorX + normal.cursorY + normal.baseY > 0;
      terminal.write(`${active === normal ? '' : LEAVE_ALTERNATE}${RECOVER}${isUsed ? '\r\n' : ''}`);
    },
    focus: () => terminal.focus(),
    type: (text) => terminal.input(text),
    arrow: (direction) => terminal.input(`\x1b${terminal.modes.applicationCursorKeysMode ? 'O' : '['}${direction}`),
    async copy() {
      if (!terminal.hasSelection()) return false;
      await navigator.clipboard.writeText(terminal.getSelection());
      return true;
    },
    find(term, backwards, incremental) {
      const how = { decorations: decorations(isDark), incremental };
      if (term === '') search.clearDecorations();
      else if (backwards) search.findPrevious(term, how);
      else search.findNext(term, how);
    },
    endSearch() {
      search.clearDecorations();
      terminal.clearSelection();
    },
    text() {
      const buffer = terminal.buffer.active;
      const lines: string[] = [];
      for (let row = 0; row < buffer.length; row++) {
        const line = buffer.getLine(row);
        const text = line?.translateToString(true) ?? '';
        if (line?.isWrapped) lines.push(`${lines.pop() ?? ''}${text}`);
        else lines.push(text);
      }
      return lines.join('\n').trimEnd();
    },
    change(changed) {
      isDark = changed.dark;
      terminal.options.theme = isDark ? dark : light;
      terminal.options.fontSize = changed.fontSize;
      terminal.options.screenReaderMode = changed.screenReader;
      fitNow();
    },
    dispose() {
      observer.disconnect();
      terminal.dispose();
    },
  };
}

/** Draws with WebGL where there is a graphics processor; else, or when its context is lost, with the page's elements. */
async function drawFast(terminal: Terminal): Promise<void> {
  try {
    const { WebglAddon } = await import('@xterm/addon-webgl');
    const webgl = new WebglAddon();
    webgl.onContextLoss(() => webgl.dispose());
    terminal.loadAddon(webgl);
  } catch {
    // The renderer that draws with elements is there already.
  }
}
