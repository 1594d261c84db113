/** What the programs in bench/guest/programs/ measure. A test's name is the name that its program prints. */

export const programGroups = ['integer', 'float', 'copy', 'system'] as const;
export type ProgramGroup = (typeof programGroups)[number];

export interface ProgramTest {
  readonly test: string;
  readonly group: ProgramGroup;
  readonly unit: string;
  readonly better: 'lower' | 'higher';
  /** The name of its source without `.c`, and of its binary. */
  readonly program: string;
  readonly args: readonly string[];
  /** What it prints of its results, wherever it runs; anything else is a wrong answer. */
  readonly check: string;
  /** Whether `--quick` runs it. */
  readonly quick: boolean;
}

type Row = readonly [command: string, test: string, unit: string, check: string, quick?: 'quick'];

const rows: Readonly<Record<ProgramGroup, readonly Row[]>> = {
  integer: [
    ['list', 'list', 'rounds/s', '18b2dbac718a60e0'],
    ['matrix-integer', 'matrix-integer', 'M mul/s', '336b44bfa2c4ab1a'],
    ['state', 'state', 'M chars/s', 'c4ace6905d3c0494'],
    ['crc bitwise', 'crc-bitwise', 'MiB/s', '000000006e84c39a'],
    ['crc table', 'crc-table', 'MiB/s', '000000006e84c39a'],
    ['sha256', 'sha256', 'MiB/s', '49e5bd863b8c1a52', 'quick'],
    ['sieve', 'sieve', 'rounds/s', '00000000000059d8'],
    ['branch', 'branch', 'rounds/s', '616fb7a9cf22e741', 'quick'],
    ['vm', 'vm', 'M bytecodes/s', '000000002e364674', 'quick'],
    ['calls fib', 'calls-fib', 'M calls/s', '000000000000b520', 'quick'],
    ['calls pointers', 'calls-pointers', 'M calls/s', '000000005e8aafa5'],
  ],
  float: [
    ['nbody', 'nbody', 'k steps/s', '394b412fef6ebf55', 'quick'],
    ['matrix-double', 'matrix-double', 'M mul/s', '7e1e062fa8fdd025', 'quick'],
  ],
  copy: [
    ['memory memcpy', 'memcpy-16k', 'MiB/s', '7ec5dbec16778ebe', 'quick'],
    ['memory memcpy large', 'memcpy-8m', 'MiB/s', '8ea411e2e793446a'],
    ['memory memset', 'memset-16k', 'MiB/s', '0d1705cbc9ce08c0'],
    ['memory memset large', 'memset-8m', 'MiB/s', 'ce8e80b2441df000'],
    ['memory chase', 'chase', 'M loads/s', '0000002ff5d6dba8', 'quick'],
  ],
  system: [
    ['kernel syscall', 'syscall', 'calls/s', '00000000000003e8', 'quick'],
    ['kernel pipe', 'pipe', 'turns/s', '0000000000000014', 'quick'],
    ['kernel fork', 'fork', 'processes/s', '000000000000002a'],
    ['kernel exec', 'exec', 'programs/s', '000000000000002a', 'quick'],
    ['kernel pages', 'pages', 'pages/s', '0000000000000200', 'quick'],
    ['kernel cow', 'cow', 'pages/s', '0000000000001000'],
  ],
};

export const programTests: readonly ProgramTest[] = programGroups.flatMap((group) =>
  rows[group].map(([command, test, unit, check, quick]) => {
    const [program, ...args] = command.split(' ') as [string, ...string[]];
    return { test, group, unit, better: 'higher', program, args, check, quick: quick !== undefined };
  }),
);
