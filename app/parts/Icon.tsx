/** Line icons on a grid of 24, drawn in the colour of the text. */
const paths = {
  start: 'M8 5.5v13l10.5-6.5z',
  pause: 'M8.5 5.5v13M15.5 5.5v13',
  reset: 'M5 12a7 7 0 1 0 2.2-5.1M5 4.5v4h4',
  power: 'M12 4v7.5M7.3 7a7 7 0 1 0 9.4 0',
  settings: 'M4 7h9M17 7h3M4 17h3M11 17h9M13 7a2 2 0 1 0 4 0 2 2 0 1 0-4 0M7 17a2 2 0 1 0 4 0 2 2 0 1 0-4 0',
  disk: 'M4.5 6.5a7.5 3 0 1 0 15 0 7.5 3 0 1 0-15 0M4.5 6.5v11a7.5 3 0 0 0 15 0v-11M4.5 12a7.5 3 0 0 0 15 0',
  import: 'M12 4v10.5M8 10.5l4 4 4-4M4.5 15.5v4h15v-4',
  files:
    'M13 3.5H7a1.5 1.5 0 0 0-1.5 1.5v14A1.5 1.5 0 0 0 7 20.5h10a1.5 1.5 0 0 0 1.5-1.5V9zM13 3.5V9h5.5M12 17v-5.5M9.5 14l2.5-2.5 2.5 2.5',
  share:
    'M10 14a4 4 0 0 0 6 .4l2.6-2.6a4 4 0 0 0-5.7-5.7L11.5 7.5M14 10a4 4 0 0 0-6-.4L5.4 12.2a4 4 0 0 0 5.7 5.7L12.5 16.5',
  help: 'M9.3 9.3a2.8 2.8 0 1 1 3.9 2.6c-.8.4-1.2.9-1.2 1.8v.3M12 17.2v.1M3.5 12a8.5 8.5 0 1 0 17 0 8.5 8.5 0 1 0-17 0',
  tour: 'M4 6.5 9.5 4l5 2.5L20 4v13.5L14.5 20l-5-2.5L4 20zM9.5 4v13.5M14.5 6.5V20',
  search: 'M4.5 10.5a6 6 0 1 0 12 0 6 6 0 1 0-12 0M15 15l5 5',
  panel: 'M4 19.5V5M4 19.5h16M8 16v-4M12 16V8M16 16v-6',
  light:
    'M8 12a4 4 0 1 0 8 0 4 4 0 1 0-8 0M12 3v2M12 19v2M3 12h2M19 12h2M5.6 5.6 7 7M17 17l1.4 1.4M5.6 18.4 7 17M17 7l1.4-1.4',
  dark: 'M19.5 14.5A8 8 0 0 1 9.5 4.5a8 8 0 1 0 10 10z',
  system: 'M4 5.5h16v10.5H4zM9 20h6M12 16v4',
  close: 'M6.5 6.5l11 11M17.5 6.5l-11 11',
  up: 'M6 14.5l6-6 6 6',
  down: 'M6 9.5l6 6 6-6',
  check: 'M5.5 12.5l4.5 4.5 8.5-9.5',
  warning: 'M12 4 2.8 19.5h18.4zM12 10v4.5M12 17v.1',
  copy: 'M9 9h10.5v10.5H9zM15 9V4.5H4.5V15H9',
  trash: 'M5 7h14M10 7V4.5h4V7M7 7l.8 12.5h8.4L17 7M10.3 10.5v5.5M13.7 10.5v5.5',
} as const;

export type IconName = keyof typeof paths;

/** An ornament: what it stands for is said by the text or the label beside it. */
export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={paths[name]} />
    </svg>
  );
}
