/** PMP with a grain of 4 KiB (privileged architecture, "Physical Memory Protection"). */
import { describe, expect, test } from 'vitest';
import { engineOf, engines } from '../testing/engines.ts';
import { ALL, PageTables } from './testing/page-tables.ts';
import { inMode, runText, TO_MACHINE, type Outcome } from './testing/scenario.ts';

const RAM = 0x8000_0000;
const AT = 0x8010_0000;
const [R, W, X, TOR, NA4, NAPOT, L] = [1, 2, 4, 8, 16, 24, 128];
const ALL_OF_IT = (1n << 54n) - 1n;

/** pmpaddr of a region whose size is a power of two. */
const napot = (from: number, size: number): bigint => BigInt(from / 4 + size / 8 - 1);

describe.each(Object.keys(engines))('%s', (name) => {
  const engine = engineOf(name);

  /** Entries by number; the rest of the program runs with them in M-mode. */
  const entries = (list: readonly (readonly [config: number, address: bigint])[]): string => {
    const config = (from: number): bigint =>
      list.slice(from, from + 8).reduce((bits, [byte], i) => bits | (BigInt(byte) << BigInt(8 * i)), 0n);
    const addresses = list.map(([, address], i) => `li t0, ${address} \n csrw pmpaddr${i}, t0`);
    return [...addresses, `li t0, ${config(8)}`, 'csrw pmpcfg2, t0', `li t0, ${config(0)}`, 'csrw pmpcfg0, t0'].join(
      '\n',
    );
  };
  const run = (list: Parameters<typeof entries>[0], text: string): Outcome =>
    runText(engine, `${entries(list)} \n li s0, ${AT} \n ${text}`);
  const tryAll = (label: string): string => `
        ld   a0, 0(s0)
        sd   a0, 8(s0)
        la   ra, ${label}
        jalr zero, 16(s0)
${label}:`;
  /** Code to return by stands in the page. */
  const code = `li t0, 0x8067 \n sw t0, 16(s0) \n fence.i`;
  const causes = (list: Parameters<typeof entries>[0], mode: 0 | 1 | 3): readonly number[] => {
    const lines = [code, entries(list), inMode(mode), tryAll('one'), mode === 3 ? '' : TO_MACHINE];
    return run([], lines.join('\n')).causes.filter((cause) => cause < 8);
  };

  const rest = [R | W | X | NAPOT, ALL_OF_IT] as const;

  test('without an entry, M-mode may and S-mode may not', () => {
    const { log, bits } = runText(
      engine,
      `
        csrw pmpcfg0, zero
        li   t0, 0x20800           # MPRV, MPP S
        ld   a0, 0(s11)
        csrs mstatus, t0
        ld   a0, 0(s11)`,
    );
    expect(log).toEqual([{ cause: 5n, tval: bits('s11') - 48n, pc: log[0].pc }]);
  });

  test.each([
    ['a power of two', [NAPOT, napot(AT, 4096)]],
    ['a larger one', [NAPOT, napot(AT, 65536)]],
    ['one whose size is below the grain', [NAPOT, BigInt(AT / 4)]],
  ] as const)('the first entry that holds the address decides: %s', (_, [mode, address]) => {
    const config = (permissions: number): (readonly [number, bigint])[] => [[mode | permissions, address], rest];
    for (const privilege of [0, 1] as const) {
      expect(causes(config(0), privilege)).toEqual([5, 7, 1]);
      expect(causes(config(R), privilege)).toEqual([7, 1]);
      expect(causes(config(R | W), privilege)).toEqual([1]);
      expect(causes(config(R | X), privilege)).toEqual([7]);
      expect(causes(config(X), privilege)).toEqual([5, 7]);
      expect(causes(config(R | W | X), privilege)).toEqual([]);
    }
    expect(causes(config(0), 3)).toEqual([]);
    expect(causes(config(L), 3)).toEqual([5, 7, 1]);
    expect(causes(config(L | R), 3)).toEqual([7, 1]);
  });

  test('TOR is from the address before, whatever that entry is, up to but without its own', () => {
    const range = (from: number, to: number): (readonly [number, bigint])[] => [
      [0, BigInt(from / 4)],
      [TOR, BigInt(to / 4)],
      rest,
    ];
    expect(causes(range(AT, AT + 4096), 1)).toEqual([5, 7, 1]);
    expect(causes(range(AT - 4096, AT), 1)).toEqual([]);
    expect(causes(range(AT + 4096, AT + 8192), 1)).toEqual([]);
    expect(causes(range(AT, AT), 1)).toEqual([]);
    // The grain rounds both ends down.
    expect(causes(range(AT + 2048, AT + 4096), 1)).toEqual([5, 7, 1]);
    expect(causes(range(AT, AT + 2048), 1)).toEqual([]);
    // The first entry begins at 0.
    expect(causes([[TOR, BigInt(RAM / 4)], rest], 1)).toEqual([]);
    expect(causes([[TOR | R | W | X, BigInt((AT + 4096) / 4)]], 1)).toEqual([]);
  });

  test('registers read as the grain of 4 KiB has them; W without R and NA4 cannot be chosen', () => {
    const { bits } = runText(
      engine,
      `
        li   t0, -1
        csrw pmpaddr3, t0
        csrr a0, pmpaddr3
        li   t0, ${NAPOT << 24}
        csrs pmpcfg0, t0
        csrr a1, pmpaddr3
        csrw pmpaddr3, zero
        csrr a2, pmpaddr3
        li   t0, ${BigInt(W | TOR) << 24n}
        csrc pmpcfg0, t0
        csrw pmpaddr15, t0
        csrr a3, pmpaddr15
        li   t0, ${(BigInt(W | TOR) << 40n) | (BigInt(NA4 | R | W) << 48n) | (0x67n << 56n) | 0x1fn}
        csrw pmpcfg0, t0
        csrr a4, pmpcfg0`,
    );
    expect(bits('a0')).toBe(ALL_OF_IT & ~0x3ffn);
    expect(bits('a1')).toBe(ALL_OF_IT);
    expect(bits('a2')).toBe(0x1ffn);
    expect(bits('a3') & 0x3ffn).toBe(0n);
    expect(bits('a4')).toBe((BigInt(TOR) << 40n) | (BigInt(R | W) << 48n) | (7n << 56n) | 0x1fn);
  });

  test('a locked entry and its address cannot be changed, nor the address before a locked TOR', () => {
    const { bits } = run(
      [[NAPOT, 0x1000_01ffn], [0, 0x400_0000n], [L | TOR | R, 0x480_0000n], rest],
      `
        li   t0, 0x111
        slli t0, t0, 12
        csrw pmpaddr0, t0
        csrw pmpaddr1, t0
        csrw pmpaddr2, t0
        csrr a0, pmpaddr0
        csrr a1, pmpaddr1
        csrr a2, pmpaddr2
        li   t0, 0x1f000000
        csrw pmpcfg0, t0
        csrr a3, pmpcfg0`,
    );
    expect(['a0', 'a1', 'a2', 'a3'].map(bits)).toEqual([
      0x11_11ffn,
      0x400_0000n,
      0x480_0000n,
      0x1f00_0000n | (BigInt(L | TOR | R) << 16n),
    ]);
  });

  test('a change takes effect at once, whatever the TLBs hold', () => {
    const { causes } = run(
      [[R | W | X | NAPOT, napot(AT, 4096)], rest],
      `
        li   s1, 0x20000
        csrs mstatus, s1           # MPRV, as S-mode
        li   t0, 0x1800
        csrc mstatus, t0
        li   t0, 0x800
        csrs mstatus, t0
        ld   a0, 0(s0)
        sd   a0, 0(s0)
        csrci pmpcfg0, 2
        ld   a0, 0(s0)
        sd   a0, 0(s0)`,
    );
    expect(causes).toEqual([7]);
  });

  test('page tables are read and updated as S-mode may', () => {
    const tables = new PageTables(3, 0x8020_0000).map(0x8000_0000n, RAM, ALL, 1).map(0x4000_0000n, AT, ALL & ~192);
    const walk = (permissions: number): readonly number[] =>
      runText(
        engine,
        `
        ${entries([[permissions | NAPOT, napot(0x8020_0000, 65536)], rest])}
        li   t0, ${1n << 61n}
        csrw menvcfg, t0
        li   t0, ${tables.satp()}
        csrw satp, t0
        li   t0, 0x20800
        csrs mstatus, t0
        li   s0, 0x40000000
        sd   a0, 0(s0)
        csrw satp, zero`,
        { blocks: [tables.block] },
      ).causes;
    expect(walk(R | W)).toEqual([]);
    expect(walk(R)).toEqual([7]);
    expect(walk(0)).toEqual([7]);
  });
});
