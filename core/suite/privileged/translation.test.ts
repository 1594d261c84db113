/** Sv39, Sv48, Sv57, Svadu, Svpbmt (privileged architecture, "Supervisor-Level ISA"). */
import { describe, expect, test } from 'vitest';
import { engineOf, engines } from '../testing/engines.ts';
import { AC, ALL, DI, EX, PageTables, RD, US, V, WR } from './testing/page-tables.ts';
import { inMode, runText, TO_MACHINE, type Outcome } from './testing/scenario.ts';

const RAM = 0x8000_0000n;
const TABLES = 0x8020_0000;
/** Pages to be mapped: each begins with its own address. */
const PAGES = 0x8010_0000;
const VA = 0x12_3456_7000n;

const ADUE = 1n << 61n;
const PBMTE = 1n << 62n;
const [SUM, MXR, MPRV] = [1 << 18, 1 << 19, 1 << 17];

const LOAD_PAGE = 13;
const STORE_PAGE = 15;
const FETCH_PAGE = 12;

describe.each(Object.keys(engines))('%s', (name) => {
  const engine = engineOf(name);

  const contents = Array.from({ length: 8 }, (_, i) => {
    // Each page holds its number, and code that returns.
    const bytes = new Uint8Array(4096);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, i, true);
    view.setUint32(8, 0x0000_8067, true);
    return { address: PAGES + i * 4096, bytes };
  });

  /** Tables with RAM mapped to itself (2 MiB of it), for S-mode's code. */
  const tables = (levels: 3 | 4 | 5 = 3): PageTables => new PageTables(levels, TABLES).map(RAM, RAM, ALL, 1);
  const run = (map: PageTables, text: string, menvcfg = 0n): Outcome => {
    const setUp = `
        li   t0, ${menvcfg}
        csrw menvcfg, t0
        li   t0, ${map.satp()}
        csrw satp, t0
        sfence.vma zero, zero
        li   s0, ${VA}
    `;
    return runText(engine, setUp + text, { blocks: [map.block, ...contents] });
  };
  /** Load, store and fetch at s0 in the present mode; a2 counts what the code there did. */
  const tryAll = `
        ld   a0, 0(s0)
        sd   zero, 16(s0)
        la   ra, ${'return_here'}
        jalr zero, 8(s0)
return_here:
`;
  const causesIn = (
    mode: 0 | 1,
    flags: number,
    text = '',
    menvcfg = 0n,
    level = 0,
    pa = PAGES,
    high = 0n,
  ): number[] => {
    const map = tables().map(VA, pa, flags, level, high);
    if (mode === 0) map.map(RAM, RAM, ALL | US, 1);
    return [...run(map, `${text} ${inMode(mode)} ${tryAll}`, menvcfg).causes];
  };

  test.each([3, 4, 5] as const)('%d levels translate pages and superpages of each size', (levels) => {
    for (let level = 0; level < levels; level++) {
      const size = 1n << BigInt(12 + 9 * level);
      const va = (0x2a_aaaa_aaaa_aaaan % (1n << BigInt(12 + 9 * levels - 1))) & -size;
      const pa = level === 0 ? BigInt(PAGES + 4096) : level === 1 ? RAM : level === 2 ? RAM : 0n;
      const map = tables(levels).map(va, pa, ALL, level);
      const at = va + ((BigInt(PAGES) + 4096n) % size);
      const { reg, causes } = run(map, `li s0, ${at} \n ${inMode(1)} \n ld a0, 0(s0)`);
      expect(causes).toEqual([]);
      expect(reg('a0')).toBe(1n);
      const high = tables(levels).map(BigInt.asUintN(64, -size), pa, ALL, level);
      const top = BigInt.asUintN(64, -size) + ((BigInt(PAGES) + 4096n) % size);
      expect(run(high, `li s0, ${top} \n ${inMode(1)} \n ld a0, 0(s0)`).reg('a0')).toBe(1n);
    }
  });

  test.each([3, 4, 5] as const)('%d levels refuse addresses that are not canonical', (levels) => {
    const bits = 12 + 9 * levels;
    const wrong = [1n << BigInt(bits - 1), 1n << BigInt(bits), 1n << 63n, (1n << 64n) - (1n << BigInt(bits)) + 4096n];
    for (const va of wrong) {
      const map = tables(levels).map(va % (1n << BigInt(bits)), PAGES, ALL);
      const { causes, log } = run(map, `li s0, ${va} \n ${inMode(1)} ${tryAll}`);
      expect(causes).toEqual([LOAD_PAGE, STORE_PAGE, FETCH_PAGE]);
      expect(log.map(({ tval }) => tval)).toEqual([va, va + 16n, va + 8n]);
    }
  });

  test('a misaligned superpage faults', () => {
    for (const level of [1, 2]) {
      const pa = level === 1 ? 0x8010_1000 : 0x8020_0000;
      expect(causesIn(1, ALL, '', 0n, level, pa)).toEqual([LOAD_PAGE, STORE_PAGE, FETCH_PAGE]);
    }
  });

  test('R, W and X allow what they say; W without R is reserved', () => {
    const given = V | AC | DI;
    expect(causesIn(1, given | RD)).toEqual([STORE_PAGE, FETCH_PAGE]);
    expect(causesIn(1, given | RD | WR)).toEqual([FETCH_PAGE]);
    expect(causesIn(1, given | EX)).toEqual([LOAD_PAGE, STORE_PAGE]);
    expect(causesIn(1, given | RD | EX)).toEqual([STORE_PAGE]);
    expect(causesIn(1, given | WR)).toEqual([LOAD_PAGE, STORE_PAGE, FETCH_PAGE]);
    expect(causesIn(1, given | WR | EX)).toEqual([LOAD_PAGE, STORE_PAGE, FETCH_PAGE]);
    expect(causesIn(1, ALL & ~V)).toEqual([LOAD_PAGE, STORE_PAGE, FETCH_PAGE]);
    // A pointer where no level is left.
    expect(causesIn(1, V)).toEqual([LOAD_PAGE, STORE_PAGE, FETCH_PAGE]);
  });

  test('MXR makes what is executable readable', () => {
    const flags = V | AC | DI | EX;
    expect(causesIn(1, flags, `li t0, ${MXR} \n csrs mstatus, t0`)).toEqual([STORE_PAGE]);
  });

  test('U pages are for U-mode, and for loads and stores of S-mode with SUM', () => {
    expect(causesIn(0, ALL)).toEqual([LOAD_PAGE, STORE_PAGE, FETCH_PAGE]);
    expect(causesIn(0, ALL | US)).toEqual([]);
    expect(causesIn(1, ALL | US)).toEqual([LOAD_PAGE, STORE_PAGE, FETCH_PAGE]);
    expect(causesIn(1, ALL | US, `li t0, ${SUM} \n csrs mstatus, t0`)).toEqual([FETCH_PAGE]);
  });

  test('an entry of the TLB made with SUM or MXR does not answer without', () => {
    const map = tables()
      .map(VA, PAGES, ALL | US)
      .map(VA + 4096n, PAGES, V | AC | DI | EX);
    const access = 'ld a0, 0(s0) \n ld a0, 0(s1)';
    const { causes } = run(
      map,
      `li s1, ${VA + 4096n}
       li s2, ${SUM}
       li s3, ${MXR}
       ${inMode(1)}
       csrs sstatus, s2
       csrs sstatus, s3
       ${access}
       csrc sstatus, s2
       ${access}
       csrs sstatus, s2
       csrc sstatus, s3
       ${access}
       csrc sstatus, s2
       ${access}`,
    );
    expect(causes).toEqual([LOAD_PAGE, LOAD_PAGE, LOAD_PAGE, LOAD_PAGE]);
  });

  test('MPRV takes the mode of MPP for data, and not for code', () => {
    const map = tables().map(VA, PAGES, ALL | US);
    const { causes, reg } = run(
      map,
      `li   s1, ${MPRV}
       li   s2, 0x800
       ld   a1, 0(s0)               # M-mode: no memory there
       csrs mstatus, s1             # as U
       ld   a0, 0(s0)
       sd   s0, 16(s0)
       csrs mstatus, s2             # as S, without SUM
       ld   a1, 0(s0)
       li   s3, ${SUM}
       csrs mstatus, s3
       ld   a2, 16(s0)
       li   s2, 0x1800
       csrs mstatus, s2             # as M
       ld   a1, 0(s0)
       csrc mstatus, s1`,
    );
    // The handler's MRET goes to M-mode, so MPRV stays, but MPP becomes U: set again above where it matters.
    expect(causes[0]).toBe(5);
    expect(reg('a0')).toBe(0n);
    expect(causes.slice(1, 2)).toEqual([LOAD_PAGE]);
  });

  test('A and D are updated with ADUE, and fault without', () => {
    const map = tables()
      .map(VA, PAGES, V | RD | WR | EX)
      .map(VA + 4096n, PAGES, V | RD | WR | EX | AC)
      .map(VA + 8192n, PAGES, V | RD | WR | EX);
    const text = `
       li   s1, ${VA + 4096n}
       li   s2, ${VA + 8192n}
       ${inMode(1)}
       ld   a0, 0(s0)
       sd   zero, 16(s1)
       la   ra, out
       jalr zero, 8(s2)
out:`;
    expect(run(map, text).causes).toEqual([LOAD_PAGE, STORE_PAGE, FETCH_PAGE]);
    const { causes, dword } = run(map, text, ADUE);
    expect(causes).toEqual([]);
    expect([0n, 4096n, 8192n].map((offset) => Number(dword(map.entry(VA + offset)) & 0xffn))).toEqual([
      V | RD | WR | EX | AC,
      V | RD | WR | EX | AC | DI,
      V | RD | WR | EX | AC,
    ]);
  });

  test('a load that was allowed does not let a store past a clear D', () => {
    const map = tables().map(VA, PAGES, V | RD | WR | AC);
    const store = `${inMode(1)} \n ld a0, 0(s0) \n sd zero, 16(s0) \n ld a0, 0(s0)`;
    expect(run(map, store).causes).toEqual([STORE_PAGE]);
    const { causes, dword } = run(map, store, ADUE);
    expect(causes).toEqual([]);
    expect(dword(map.entry(VA)) & 0xc0n).toBe(0xc0n);
  });

  test('atomics need to write, LR only to read', () => {
    const map = tables().map(VA, PAGES, V | RD | AC);
    const text = `${inMode(1)}
       lr.d a0, (s0)
       sc.d a1, a0, (s0)
       amoadd.d a2, a0, (s0)
       addi s0, s0, 4
       lr.d a0, (s0)`;
    const { causes, log } = run(map, text);
    expect(causes).toEqual([STORE_PAGE, STORE_PAGE, 4]);
    expect(log.map(({ tval }) => tval)).toEqual([VA, VA, VA + 4n]);
  });

  test('reserved bits fault, and PBMT without PBMTE', () => {
    const all = [LOAD_PAGE, STORE_PAGE, FETCH_PAGE];
    for (let bit = 0n; bit < 7n; bit++) expect(causesIn(1, ALL, '', PBMTE, 0, PAGES, 1n << bit)).toEqual(all);
    // N.
    expect(causesIn(1, ALL, '', PBMTE, 0, PAGES, 1n << 9n)).toEqual(all);
    for (const pbmt of [1n, 2n, 3n]) {
      expect(causesIn(1, ALL, '', 0n, 0, PAGES, pbmt << 7n)).toEqual(all);
      expect(causesIn(1, ALL, '', PBMTE, 0, PAGES, pbmt << 7n)).toEqual(pbmt === 3n ? all : []);
    }
  });

  test('A, D, U and PBMT of a pointer are reserved', () => {
    const bits = [64n, 128n, 16n, 1n << 61n, 1n << 54n, 1n << 63n];
    for (const bit of bits) {
      const map = tables().map(VA, PAGES, ALL).spoil(VA, 1, bit);
      expect(run(map, `${inMode(1)} ${tryAll}`, PBMTE).causes).toEqual([LOAD_PAGE, STORE_PAGE, FETCH_PAGE]);
    }
    // G and the bits for software are not.
    const map = tables().map(VA, PAGES, ALL).spoil(VA, 1, 0x320n);
    expect(run(map, `${inMode(1)} ${tryAll}`).causes).toEqual([]);
  });

  test('a table outside of memory is an access fault', () => {
    const map = tables().spoil(VA, 2, ((0x2000_0000n << 10n) >> 12n) | 1n);
    expect(run(map, `${inMode(1)} ${tryAll}`).causes).toEqual([5, 7, 1]);
  });

  test('satp takes no other mode than it has', () => {
    const { bits } = runText(
      engine,
      `
        li   t0, 0x8abcd00000080200
        csrw satp, t0
        csrr a0, satp
        li   t0, 0xb000000000080200
        csrw satp, t0
        csrr a1, satp
        li   t0, 0x1000000000080200
        csrw satp, t0
        csrr a2, satp
        csrw satp, zero
        csrr a3, satp`,
    );
    expect(['a0', 'a1', 'a2', 'a3'].map(bits)).toEqual([
      0x8abc_d000_0008_0200n,
      0x8abc_d000_0008_0200n,
      0x8abc_d000_0008_0200n,
      0n,
    ]);
  });

  test('an access across pages needs both, and names the first byte that faults', () => {
    const map = tables()
      .map(VA, PAGES, ALL)
      .map(VA + 4096n, PAGES + 0x2000, V | RD | AC)
      .map(VA + 0x3000n, PAGES + 0x3000, ALL);
    const { causes, log, dword, bits } = run(
      map,
      `li   s1, ${VA + 4096n}
       li   s2, ${VA + 0x3000n}
       li   s3, -1
       ${inMode(1)}
       ld   a0, -3(s1)
       sd   s3, -3(s1)             # the second page cannot be written: nor is the first
       li   s4, ${VA + 0x2000n}
       lw   a1, -2(s4)             # no second page
       lw   a2, -2(s2)             # no first page
       sw   s3, -2(s2)
       sh   s3, -1(s1)
       ld   a3, -8(s1)`,
    );
    expect(causes).toEqual([STORE_PAGE, LOAD_PAGE, LOAD_PAGE, STORE_PAGE, STORE_PAGE]);
    expect(log.map(({ tval }) => tval - VA)).toEqual([0x1000n, 0x2000n, 0x2ffen, 0x2ffen, 0x1000n]);
    expect(bits('a0')).toBe(2n << 24n);
    expect(bits('a3')).toBe(0n);
    expect(dword(PAGES + 0xff8)).toBe(0n);
  });

  describe('SFENCE.VMA', () => {
    /** Reads through s0 before and after the entry at s1 was changed to s2, without and with a fence. */
    const remapped = (fence: string, asid = 0): [bigint, bigint] => {
      const map = tables().map(VA, PAGES + 0x1000, ALL);
      const entry = tables()
        .map(VA, PAGES + 0x1000, ALL)
        .entry(VA);
      const changed = ((BigInt(PAGES) + 0x2000n) >> 2n) | BigInt(ALL);
      // The tables themselves are in the second 2 MiB.
      map.map(RAM + 0x20_0000n, RAM + 0x20_0000n, ALL, 1);
      const { reg } = run(
        map,
        `li   t0, ${map.satp(asid)}
         csrw satp, t0
         li   s1, ${entry}
         li   s2, ${changed}
         li   s3, ${asid}
         ${inMode(1)}
         ld   a0, 0(s0)
         sd   s2, 0(s1)
         ${fence}
         ld   a1, 0(s0)`,
      );
      return [reg('a0'), reg('a1')];
    };
    test.each([
      ['everything', 'sfence.vma zero, zero', 0],
      ['an address', 'sfence.vma s0, zero', 0],
      ['an address space', 'sfence.vma zero, s3', 77],
      ['an address in an address space', 'sfence.vma s0, s3', 77],
      ['the same by SINVAL.VMA', 'sfence.w.inval \n sinval.vma s0, s3 \n sfence.inval.ir', 77],
    ])('makes a changed entry seen: %s', (_, fence, asid) => {
      expect(remapped(fence, asid)).toEqual([1n, 2n]);
    });

    test('by an address drops all of a superpage', () => {
      const map = tables()
        .map(VA & -0x20_0000n, 0x8000_0000, ALL, 1)
        .map(RAM + 0x20_0000n, RAM + 0x20_0000n, ALL, 1);
      const inside = (VA & -0x20_0000n) + 0x10_1000n;
      const { reg } = run(
        map,
        `li   s0, ${inside}
         li   s1, ${map.entry(VA, 1)}
         li   s4, ${VA & -0x20_0000n}
         ${inMode(1)}
         ld   a0, 0(s0)
         sd   zero, 0(s1)
         sfence.vma s4, zero
         ld   a1, 0(s0)`,
      );
      expect(reg('a0')).toBe(1n);
      expect(reg('a1')).toBe(0n);
    });
  });

  test('address spaces keep their own translations, more of them than the TLB has numbers', () => {
    const maps = Array.from({ length: 150 }, (_, i) =>
      new PageTables(3, 0x8020_0000 + i * 0x3000, 3).map(RAM, RAM, ALL, 1).map(VA & -0x20_0000n, RAM, ALL, 1),
    );
    // All use the same address; in the odd ones another superpage is there.
    maps.forEach((map, i) => i % 2 === 1 && map.map(VA & -0x20_0000n, RAM + 0x20_0000n, ALL, 1));
    const visits = [...maps.keys(), ...[...maps.keys()].reverse(), 3, 2, 3, 2];
    const at = (VA & -0x20_0000n) + 0x10_1000n;
    const big = engineOf(name, 8 << 20);
    const { reg } = runText(
      big,
      `li   s0, ${at}
       li   a0, 0
       la   s1, table
       li   s2, ${visits.length}
       ${inMode(1)}
next:  ld   t0, 0(s1)
       csrw satp, t0
       ld   t1, 0(s0)
       ld   t2, 8(s1)
       bne  t1, t2, wrong
       addi s1, s1, 16
       addi s2, s2, -1
       bnez s2, next
       li   a0, 1
wrong: csrw satp, zero
       ${TO_MACHINE}
       j    out
       .align 8
table: .dword ${visits.map((i) => `${maps[i].satp(i % 7)}, ${i % 2 === 1 ? 0x77 : 1}`).join(', ')}
out:`,
      {
        blocks: [...maps.map((map) => map.block), ...contents, { address: 0x8030_1000, bytes: Uint8Array.of(0x77) }],
        budget: 50_000,
      },
    );
    expect(reg('a0')).toBe(1n);
  });

  test('an ASID that is used for other tables sees them after a fence for it', () => {
    const first = new PageTables(3, TABLES, 8).map(RAM, RAM, ALL, 1).map(VA, PAGES + 0x1000, ALL);
    const second = new PageTables(3, TABLES + 0x8000, 8).map(RAM, RAM, ALL, 1).map(VA, PAGES + 0x2000, ALL);
    const { reg } = runText(
      engine,
      `li   s0, ${VA}
       li   s1, ${first.satp(5)}
       li   s2, ${second.satp(5)}
       li   s3, 5
       ${inMode(1)}
       csrw satp, s1
       ld   a0, 0(s0)
       csrw satp, s2
       sfence.vma zero, s3
       ld   a1, 0(s0)
       csrw satp, s1
       sfence.vma zero, s3
       ld   a2, 0(s0)
       csrw satp, zero`,
      { blocks: [first.block, second.block, ...contents] },
    );
    expect([reg('a0'), reg('a1'), reg('a2')]).toEqual([1n, 2n, 1n]);
  });
});
