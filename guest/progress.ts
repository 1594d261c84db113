/** The parts of a preparation, in their order. */
export type Step = 'index' | 'download' | 'kernel' | 'initrd' | 'root' | 'publish';

/** How far one step is. Steps that have nothing to do send nothing. */
export interface Progress {
  readonly step: Step;
  readonly done: number;
  readonly total: number;
  readonly unit: 'bytes' | 'items';
  /** What is worked on, for a person. */
  readonly detail: string;
}

/** One line for a person: `Downloading 35 packages: 61.2 of 143.0 MB (42%)`. */
export function formatProgress({ done, total, unit, detail }: Progress): string {
  const share = total > 0 ? Math.floor((100 * Math.min(done, total)) / total) : 100;
  const amount =
    unit === 'bytes' ? `${(done / 1e6).toFixed(1)} of ${(total / 1e6).toFixed(1)} MB` : `${done} of ${total}`;
  return `${detail}: ${amount} (${share}%)`;
}

/** Where a renderer writes; process.stderr, as a rule. */
interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export interface Renderer {
  /** Prints a lasting line without tearing the moving one. */
  readonly log: (line: string) => void;
  readonly progress: (event: Progress) => void;
  /** Ends the moving line. */
  readonly end: () => void;
}

/**
 * Shows progress in one line that is written over at most ten times a second; where the output is no terminal, a line when a step begins and one when it ends.
 */
export function createRenderer(output: Output, now: () => number = () => performance.now()): Renderer {
  let last = -Infinity;
  let open = false;
  let step: string | undefined;
  let finished = false;
  const clear = () => {
    if (open) output.write('\r\u001b[K');
    open = false;
  };
  return {
    log: (line) => {
      clear();
      output.write(`${line}\n`);
    },
    progress: (event) => {
      const key = `${event.step} ${event.detail}`;
      const isFirst = key !== step;
      const isLast = event.done >= event.total && !finished;
      finished = event.done >= event.total;
      step = key;
      if (output.isTTY !== true) {
        if (isFirst || isLast) output.write(`${formatProgress(event)}\n`);
      } else if (isFirst || isLast || now() - last >= 100) {
        clear();
        output.write(formatProgress(event).slice(0, (output.columns ?? 80) - 1));
        open = true;
        last = now();
      }
    },
    end: () => {
      clear();
    },
  };
}
