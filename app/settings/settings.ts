/** What a person set: the machine's size, and how the page looks. Kept in localStorage, which is read as hostile input. */

import type { StoreKind } from '../../machine/api.ts';
import { MAX_HARTS, MAX_RAM } from '../../machine/limits.ts';

export const MiB = 2 ** 20;
export const GiB = 2 ** 30;

/** The machine, as the settings dialog and a link describe it. */
export interface MachineSettings {
  readonly memoryMiB: number;
  readonly cpus: number;
  /** Size of a new disk. One that exists keeps its own. */
  readonly diskGiB: number;
  /** The kernel's whole command line; undefined is the image's own. */
  readonly cmdline?: string;
  /** Where new disks are kept. One that exists stays where it is. */
  readonly store?: StoreKind;
  /** The disk that was chosen to start from; undefined is the default one. Links and files bring their own. */
  readonly disk?: ChosenDisk;
}

export interface ChosenDisk {
  readonly id: string;
  /** What the person calls it. */
  readonly name: string;
}

/** Characters of a disk's name. */
export const LONGEST_NAME = 60;

export const limits = {
  memoryMiB: { min: 64, max: MAX_RAM / MiB, step: 2 },
  cpus: { min: 1, max: MAX_HARTS, step: 1 },
  diskGiB: { min: 1, max: 64, step: 1 },
} as const;

/** Bytes that riscv64 kernels take of a command line (COMMAND_LINE_SIZE), the final zero excluded; more is cut off. */
export const CMDLINE_LIMIT = 1023;

export const defaultMachine: MachineSettings = { memoryMiB: 512, cpus: 1, diskGiB: 1 };

/** How the page looks and behaves; nothing of it travels in a link. */
export interface Preferences {
  readonly theme: 'system' | 'light' | 'dark';
  /** The console's text, in CSS pixels. */
  readonly fontSize: number;
  readonly screenReader: boolean;
  /** False when the person closed the panel of figures. */
  readonly panel: boolean;
}

export const fontSizes = { min: 9, max: 24, step: 1 } as const;
export const defaultPreferences: Preferences = { theme: 'system', fontSize: 14, screenReader: false, panel: true };

/** Says what is wrong with a number, in words that follow its name; undefined if nothing is. */
export function faultOfNumber(value: unknown, { min, max, step }: { min: number; max: number; step: number }) {
  if (typeof value !== 'number' || !Number.isInteger(value)) return 'must be a whole number';
  if (value < min || value > max) return `must be from ${min} to ${max}`;
  return (value - min) % step === 0 ? undefined : `must be a multiple of ${step}`;
}

/** Says what is wrong with a command line; undefined if nothing is. */
export function faultOfCmdline(cmdline: string): string | undefined {
  if (!/^[\x20-\x7e]*$/.test(cmdline)) return 'may hold printable ASCII characters alone, on one line';
  if (cmdline.length <= CMDLINE_LIMIT) return undefined;
  return `is ${cmdline.length} bytes long; a riscv64 kernel takes ${CMDLINE_LIMIT}`;
}

const parse = (text: string | null): Readonly<Record<string, unknown>> => {
  try {
    const value: unknown = JSON.parse(text ?? '{}');
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
};

/** Reads what `writeMachine` wrote. Whatever is wrong in it is the default again. */
export function readMachine(text: string | null): MachineSettings {
  const stored = parse(text);
  const number = (name: 'memoryMiB' | 'cpus' | 'diskGiB'): number => {
    const value = stored[name];
    return faultOfNumber(value, limits[name]) === undefined ? (value as number) : defaultMachine[name];
  };
  const { cmdline, store } = stored;
  const disk = readDisk(stored['disk']);
  return {
    memoryMiB: number('memoryMiB'),
    cpus: number('cpus'),
    diskGiB: number('diskGiB'),
    ...(typeof cmdline === 'string' && faultOfCmdline(cmdline) === undefined && { cmdline }),
    ...(store === 'opfs' && { store }),
    ...(disk && { disk }),
  };
}

function readDisk(stored: unknown): ChosenDisk | undefined {
  if (typeof stored !== 'object' || stored === null) return undefined;
  const { id, name } = stored as Partial<Record<string, unknown>>;
  if (typeof id !== 'string' || !/^[\w.-]{1,100}$/.test(id) || typeof name !== 'string') return undefined;
  return { id, name: name.slice(0, LONGEST_NAME) };
}

/** Reads preferences. Whatever is wrong in them is the default again. */
export function readPreferences(text: string | null): Preferences {
  const { theme, fontSize, screenReader, panel } = parse(text);
  return {
    theme: theme === 'light' || theme === 'dark' ? theme : 'system',
    fontSize: faultOfNumber(fontSize, fontSizes) === undefined ? (fontSize as number) : defaultPreferences.fontSize,
    screenReader: screenReader === true,
    panel: panel !== false,
  };
}
