/** The walk-through: fill the disk, delete, trim, and watch it shrink. What is done is seen from the machine itself. */

import type { MachineStatus } from '../../machine/api.ts';
import { formatBytes } from '../units.ts';

const MiB = 2 ** 20;
/** What the walk-through writes, and how much of it has to be seen: file systems keep some blocks for themselves. */
const FILL = 64 * MiB;
const ENOUGH = 0.9 * FILL;
const FILE = '/var/tmp/fill';

/** What the page sees of the machine at one moment. */
export interface View {
  readonly state: MachineStatus['state'];
  readonly atPrompt: boolean;
  /** What the console printed since the step began. */
  readonly printed: string;
  /** Bytes that the first disk occupies now, and when the step began. */
  readonly allocated: number;
  readonly before: number;
}

export interface Step {
  readonly title: string;
  readonly text: string;
  /** What the person types, or has typed. */
  readonly command?: string;
  /** What is seen while it is done, for the person. */
  readonly seen?: (view: View) => string;
  readonly isDone: (view: View) => boolean;
}

/** True when the shell has taken a command that holds these words, and waits for the next. */
const ran = ({ printed, atPrompt }: View, command: RegExp): boolean =>
  atPrompt && command.test(printed) && /\n/.test(printed);

export const steps: readonly Step[] = [
  {
    title: 'Start the machine',
    text: 'Press Start, and wait for the shell: a line that ends in #. The disk that it runs on is kept in this browser, and takes only the room that is really used.',
    isDone: ({ state, atPrompt }) => state === 'running' && atPrompt,
  },
  {
    title: 'Fill the disk',
    text: `Write ${formatBytes(FILL)} of random bytes. Watch “allocated” and the chunks grow: each chunk is one record in the browser's database.`,
    command: `dd if=/dev/urandom of=${FILE} bs=1M count=${FILL / MiB} conv=fsync`,
    seen: ({ allocated, before }) => `${formatBytes(Math.max(0, allocated - before))} more than before`,
    isDone: (view) => view.allocated - view.before >= ENOUGH && view.atPrompt,
  },
  {
    title: 'Delete the file',
    text: 'The file is gone, but nothing shrinks: the file system has only noted that the blocks are free. The disk cannot know.',
    command: `rm ${FILE}; sync`,
    isDone: (view) => ran(view, /rm [^\n]*fill/),
  },
  {
    title: 'Trim',
    text: 'Now the file system tells the disk which blocks are free (virtio-blk: VIRTIO_BLK_T_DISCARD). The page deletes their chunks, and the browser has its space back.',
    command: 'fstrim -v /',
    seen: ({ allocated, before }) => `${formatBytes(Math.max(0, before - allocated))} less than before`,
    isDone: ({ allocated, before }) => before - allocated >= ENOUGH,
  },
];

/** Where a person is in the walk-through. */
export interface Tour {
  /** Index of the step that is to be done; `steps.length` at the end. */
  readonly step: number;
  /** The console's mark and the disk's size when it began. */
  readonly mark: number;
  readonly before: number;
}

/** Ticks off the current step if it is done. Returns the same object if not. */
export function advance(tour: Tour, view: View, mark: number): Tour {
  const step = steps[tour.step];
  if (!step?.isDone(view)) return tour;
  return { step: tour.step + 1, mark, before: view.allocated };
}
