import { describe, expect, test } from 'vitest';
import { assemble, program } from '../isa/assemble.ts';
import { csrs } from '../isa/csr.ts';
import { MSTATUS } from '../isa/mstatus.ts';
import { KNOWN_PAGES } from '../shared/hart-state.ts';
import { groupAccesses } from './access-groups.ts';
import { flowOf } from './flow.ts';
import { rememberPages } from './remembered-pages.ts';
import { Lockstep, RAM } from './testing/lockstep.ts';
import { regionOf } from './testing/region-text.ts';

const [T0, A0, A1, A2, A3, A4] = [5, 10, 11, 12, 13, 14];
const load = (rd: number, rs1: number, imm = 0): number => assemble('ld', { rd, rs1, imm });
const store = (rs1: number, imm = 0): number => assemble('sd', { rs1, rs2: A4, imm });
const step = (register: number, imm: number): number => assemble('addi', { rd: register, rs1: register, imm });
const wfi = assemble('wfi');
const sstatus = csrs.find(({ name }) => name === 'sstatus')?.number ?? 0;

/** A loop of these instructions, each of 4 bytes, counted down in a3. */
function loop(words: readonly number[]): number[] {
  return [...words, step(A3, -1), assemble('bne', { rs1: A3, rs2: 0, imm: -4 * (words.length + 1) })];
}

/** Of each look of the region, by its offset: the slot, or `-`. */
function slots(words: readonly number[]): string {
  const region = regionOf([...words, wfi]);
  if (!region) throw new Error('the region is empty');
  const accesses = region.blocks.map(({ instructions }) => groupAccesses(instructions, true));
  const remembered = rememberPages(region, flowOf(region), accesses);
  return accesses
    .flatMap((block) => [...block.values()])
    .flatMap(({ group, isFirst }) => (isFirst ? [remembered.get(group)?.index ?? '-'] : []))
    .join(' ');
}

/** Loads a word, and has the address of a table's element by it. */
const element = [load(A1, A0), assemble('add', { rd: A1, rs1: A1, rs2: A2 })];

describe('a page is remembered', () => {
  test('of an element of a table whose index is loaded, in a loop', () => {
    expect(slots(loop([...element, load(A4, A1)]))).toBe('- 0');
    expect(slots([...element, load(A4, A1)])).toBe('- -');
  });

  test('not where the address is known before, or is loaded itself', () => {
    expect(slots(loop([load(A1, A0), step(A0, 8)]))).toBe('-');
    expect(slots(loop([load(A0, A0)]))).toBe('-');
    expect(slots(loop([load(A0, A0), load(A1, A0), step(A0, 8)]))).toBe('- -');
  });

  test('where the address is calculated in an iteration for the next', () => {
    expect(slots(loop([load(A4, A1), load(T0, A0), assemble('add', { rd: A1, rs1: A1, rs2: T0 })]))).toBe('0 -');
  });

  test('for loads and stores apart, and for each calculation', () => {
    expect(slots(loop([...element, load(A4, A1), store(A1), ...element, load(A4, A1)]))).toBe('- 0 1 2');
  });

  test('in no loop that calls, or that accesses a CSR', () => {
    const call = assemble('jalr', { rd: 1, rs1: A2 });
    const csr = assemble('csrrw', { rd: 0, rs1: A2, csr: sstatus });
    for (const forgetting of [call, csr]) expect(slots(loop([...element, load(A4, A1), forgetting]))).toBe('- -');
  });

  test('as long as there are slots', () => {
    const elements = Array.from({ length: KNOWN_PAGES + 1 }, () => [...element, load(A4, A1)]).flat();
    const expected = ['-', ...Array(KNOWN_PAGES).keys(), '-'].join(' ');
    expect(slots(loop(elements))).toBe(expected);
  });
});

describe('what is remembered', () => {
  const DATA = RAM + 0x1_0000;
  const run = (words: readonly number[], set: Readonly<Record<number, number>>): Lockstep => {
    const pair = new Lockstep();
    pair.write(RAM, program([...words, wfi]));
    pair.write(RAM + 0x4000, program([wfi]));
    pair.write(
      DATA,
      Uint8Array.from({ length: 0x4000 }, (_, i) => i * 7 + (i >> 8)),
    );
    pair.change((view) => {
      view.pc = BigInt(RAM);
      view.mtvec = BigInt(RAM + 0x4000);
      for (const [register, value] of Object.entries(set)) view.x[Number(register)] = BigInt(value);
    });
    pair.run();
    return pair;
  };

  test('is left at the end of the page, also by an access that crosses it', () => {
    // Each word tells, with another, where the next is.
    const walk = loop([
      load(A1, A0),
      assemble('andi', { rd: A1, rs1: A1, imm: 12 }),
      step(A0, 4),
      assemble('add', { rd: A0, rs1: A0, rs2: A1 }),
      load(T0, A0, 0x400),
      store(A0, 0x7f0),
    ]);
    const pair = run(walk, { [A0]: DATA + 2, [A3]: 600, [A4]: 99 });
    pair.compareMemory(DATA, 0x4000);
    expect(pair.view.x[A0]).toBeGreaterThan(BigInt(DATA + 0x2000));
    expect(pair.runner.counts.stepped).toBeLessThan(20);
  });

  test('is forgotten when a CSR is written that says what may be accessed', () => {
    const tables = RAM + 0x2_0000;
    const pair = new Lockstep();
    // Supervisor code at 1 GiB in RAM's first page, and a page of user data behind it, allowed by SUM alone.
    const words = [
      assemble('addi', { rd: A3, imm: 3 }),
      ...loop([
        load(A1, A0),
        assemble('and', { rd: A1, rs1: A1, rs2: 0 }),
        assemble('add', { rd: A0, rs1: A0, rs2: A1 }),
      ]),
      assemble('csrrc', { rd: 0, rs1: T0, csr: sstatus }),
      step(A4, 1),
      step(A2, -1),
      assemble('bne', { rs1: A2, rs2: 0, imm: -36 }),
    ];
    pair.write(RAM, program([...words, wfi]));
    pair.write(RAM + 0x4000, program([wfi]));
    const [root, middle, last] = [0, 1, 2].map(() => new BigUint64Array(512));
    const page = (address: number, flags: number): bigint => (BigInt(address / 4096) << 10n) | BigInt(flags);
    root[1] = page(tables + 4096, 1);
    middle[0] = page(tables + 8192, 1);
    last[0] = page(RAM, 0xcf);
    last[1] = page(RAM + 0x1000, 0xdf);
    [root, middle, last].forEach((table, i) => pair.write(tables + i * 4096, new Uint8Array(table.buffer)));
    pair.change((view) => {
      view.satp = (8n << 60n) | BigInt(tables / 4096);
      view.privilege = 1;
      view.mstatus |= MSTATUS.SUM;
      view.pmpcfg[0] = 0x1fn;
      view.pmpaddr[0] = (1n << 54n) - 1n;
      view.mtvec = BigInt(RAM + 0x4000);
      view.pc = 1n << 30n;
      view.x[A0] = (1n << 30n) + 4096n;
      view.x[A2] = 2n;
      view.x[T0] = MSTATUS.SUM;
    });
    pair.run();
    // The loads of the first iteration are done; in the next they fault.
    expect([pair.view.x[A4], pair.view.mcause]).toEqual([1n, 13n]);
  });
});
