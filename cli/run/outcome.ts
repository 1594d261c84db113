/** How a run ends, and with which exit status. The table is printed by `tabhyve run --help`. */
import type { MachineStop } from '../../machine/machine.ts';

export interface Outcome {
  readonly reason: MachineStop['reason'] | 'panic' | 'command' | 'timeout' | 'signal' | 'quit' | 'output-closed';
  readonly status: number;
  /** For a person, on stderr. */
  readonly message?: string;
}

export const Status = { FAILED: 1, BAD_USAGE: 2, CRASHED: 3, TIMEOUT: 124 } as const;

/** Added to a signal's number, as shells do. */
const SIGNALLED = 128;
const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGPIPE: 13, SIGTERM: 15 } as const;
export type EndingSignal = keyof typeof SIGNALS;

export const statusText = `Exit status:
  0        the guest powered off: by its SBI, by 0x5555 at the test finisher, or by tohost = 1
  1-255    what it reported: the code of 0x3333 at the test finisher, or tohost >> 1 (0 becomes 1, and
           what is above 255 becomes 255); with --exec the command's status
  1        a file could not be used, or tabhyve itself failed
  2        the command line is wrong
  3        the guest crashed: its kernel panicked and reset the machine, a processor could not go on, or it
           rebooted again and again (more than 3 times, each within 4 seconds)
  124      --timeout
  129-143  a signal ended it: 130 for SIGINT, 143 for SIGTERM

A panic is told from a reboot by the kernel's last words, "Kernel panic - not syncing" or "reboot: Restarting
system". Linux resets the machine after a panic if its command line has panic=-1; else it hangs.
`;

/** The status of a guest that reported `code` as it failed. */
export function guestStatus(code: number): number {
  return Math.min(Math.max(code, 1), 255);
}

/** The outcome of a machine that stopped by itself and is not started again. */
export function outcomeOf(stop: MachineStop): Outcome {
  const { reason, code, message = '' } = stop;
  switch (reason) {
    case 'power-off':
    case 'reset':
      return { reason, status: 0 };
    case 'failed':
      return { reason, status: guestStatus(code) };
    case 'crashed':
      if (stop.by === 'emulator') return { reason, status: Status.FAILED, message };
      return { reason: stop.by === 'panic' ? 'panic' : reason, status: Status.CRASHED, message };
  }
}

export function signalOutcome(signal: EndingSignal): Outcome {
  return { reason: signal === 'SIGPIPE' ? 'output-closed' : 'signal', status: SIGNALLED + SIGNALS[signal] };
}

export function timeoutOutcome(seconds: number): Outcome {
  return { reason: 'timeout', status: Status.TIMEOUT, message: `the machine was ended after ${seconds} s (--timeout)` };
}
