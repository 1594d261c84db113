/** Something that runs machines, and what can be measured of it. */
import { DISK_MIB, type DiskSpeeds } from './guest-scripts.ts';
import { beginMark, rateMark, rateOf } from './guest/index.ts';
import type { Arch, Bundle, ProgramTest, SoftwareTest } from './guest/index.ts';
import type { Loop } from './programs.ts';
import { PROCESSOR, type OwnGroup, type Sample } from './sample.ts';

export interface Backend {
  /** As in the results. */
  readonly name: string;
  /** What it is, with its version. */
  readonly description: string;
  /** One round of what it can measure. Samples of another backend's name are of what it is compared with. */
  readonly tests: Partial<Record<OwnGroup, () => Promise<readonly (Sample & { readonly backend?: string })[]>>>;
  /** Runs guest programs, if it can. */
  readonly programs?: ProgramRunner;
  close(): Promise<void>;
}

export interface ProgramRunner {
  /** What the bundles' programs have to be compiled for. */
  readonly arch: Arch;
  /** Runs a bundle to its end: in one boot, in Linux on one processor. Programs that fail print no rate. */
  run(bundle: Bundle): Promise<ProgramOutput>;
  /** Runs Debian's software for this architecture, if it can. */
  readonly software?: SoftwareRunner;
}

export interface SoftwareRunner {
  /** The disk with the software, as its Linux names it. */
  readonly disk: string;
  /** In one boot, each test for the first time. Tests that fail, or are not over in time, print no rate. */
  run(software: Tests): Promise<ProgramOutput>;
}

/** What a machine runs tests from. */
export interface Tests {
  readonly tests: readonly (ProgramTest | SoftwareTest)[];
  /** The path of the second disk's image, which is not to be written to. */
  readonly image: string;
  /** For a shell in the guest. */
  readonly script: string;
}

export interface ProgramOutput {
  /** All that was printed; other lines may stand between. */
  readonly output: string;
  /**
   * Seconds of processor time that the backend had used when these marks were printed (`programMarks`), where that can
   * be had.
   */
  readonly processor?: ReadonlyMap<string, number>;
}

/** What is looked for in an output, to take the processor time when it comes. */
export function programMarks(tests: readonly (ProgramTest | SoftwareTest)[]): string[] {
  return tests.flatMap(({ test }) => [beginMark(test), rateMark(test)]);
}

/**
 * The samples of a test that ran.
 * @throws WrongAnswer
 */
export function programSamples(test: ProgramTest | SoftwareTest, { output, processor }: ProgramOutput): Sample[] {
  const { group, unit, better } = test;
  const { value, seconds } = rateOf(test, output);
  const sample: Sample = { test: test.test, group, unit, better, value };
  const [begin, end] = programMarks([test]).map((mark) => processor?.get(mark));
  if (begin === undefined || end === undefined || end <= begin) return [sample];
  const byProcessor = better === 'lower' ? end - begin : (value * seconds) / (end - begin);
  return [sample, { ...sample, test: `${test.test}${PROCESSOR}`, value: byProcessor }];
}

/** A backend that is not on this machine, and why. */
export interface Missing {
  readonly name: string;
  readonly missing: string;
}

/** The guest's images. */
export interface Images {
  readonly kernel: string;
  readonly initrd: string;
  readonly root: string;
  readonly cmdline: string;
}

export const MEMORY = 512 * 2 ** 20;

/** Seconds after which a guest that runs tests has failed. */
export const LIMIT = 600;

/** `processor`: seconds of processor time, which say more than those on the wall while others use the host. */
export function bootSamples(seconds: number, processor: number): Sample[] {
  const sample = { group: 'boot', unit: 's', better: 'lower' } as const;
  return [
    { ...sample, test: 'boot to a shell prompt', value: seconds },
    { ...sample, test: 'boot, processor time', value: processor },
  ];
}

/** `seconds` by the guest's clock, and of processor time while the loop ran. */
export function loopSamples({ name }: Loop, instructions: number, seconds: number, processor: number): Sample[] {
  const sample = { group: 'loops', unit: 'M instr/s', better: 'higher' } as const;
  return [
    { ...sample, test: `loop: ${name}`, value: instructions / seconds / 1e6 },
    { ...sample, test: `loop: ${name}${PROCESSOR}`, value: instructions / processor / 1e6 },
  ];
}

/** What dd reached in the guest. A raw medium has no page cache to go around: it stands beside both ways. */
export function diskSamples(speeds: DiskSpeeds): Sample[] {
  const sample = { group: 'disk', unit: 'MiB/s', better: 'higher' } as const;
  const dd = `dd ${DISK_MIB} MiB`;
  return [
    { ...sample, test: `${dd}, write, conv=fsync`, value: speeds.write },
    { ...sample, test: `${dd}, write, oflag=direct conv=fsync`, value: speeds.directWrite },
    { ...sample, test: `${dd}, read`, value: speeds.read },
    { ...sample, test: `${dd}, read, iflag=direct`, value: speeds.directRead },
  ];
}

export function rawSamples(backend: string, { write, read }: { readonly write: number; readonly read: number }) {
  return diskSamples({ write, read, directWrite: write, directRead: read }).map((sample) => ({ ...sample, backend }));
}
