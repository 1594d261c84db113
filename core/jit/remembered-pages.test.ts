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

describe('a page is remembered', () => {
  test('in a loop alone', () => {
    expect(slots([load(A1, A0), store(A2)])).toBe('- -');
    expect(slots([load(A1, A0), ...loop([load(A1, A0)])])).toBe('- 0');
  });

  test('for a register that stays, or that goes on by little', () => {
    expect(slots(loop([load(A1, A0), load(T0, A2), step(A2, 8)]))).toBe('0 1');
    expect(slots(loop([load(A1, A0), step(A0, 512)]))).toBe('-');
    expect(slots(loop([load(A1, A0), assemble('add', { rd: A0, rs1: A0, rs2: A2 })]))).toBe('-');
  });

  test('for a register that is calculated before the access, but not for one that is loaded', () => {
    expect(slots(loop([assemble('add', { rd: A1, rs1: A0, rs2: A2 }), load(A1, A1)]))).toBe('0');
    expect(slots(loop([load(A0, A0)]))).toBe('-');
  });

  test('for loads and stores apart, and for each calculation', () => {
    const calculated = assemble('add', { rd: A1, rs1: A0, rs2: A2 });
    expect(slots(loop([load(A4, A0), store(A0), calculated, load(A4, A1), calculated, load(A4, A1)]))).toBe('0 1 2 3');
  });

  test('in no loop that calls, or that writes a CSR', () => {
    expect(slots(loop([load(A1, A0), assemble('jalr', { rd: 1, rs1: A2 })]))).toBe('-');
    expect(slots(loop([load(A1, A0), assemble('csrrw', { rd: 0, rs1: A2, csr: sstatus })]))).toBe('-');
  });

  test('as long as there are slots', () => {
    const bases = Array.from({ length: KNOWN_PAGES + 1 }, (_, i) => 15 + i);
    const expected = [...Array(KNOWN_PAGES).keys(), '-'].join(' ');
    expect(slots(loop(bases.map((register) => load(A4, register))))).toBe(expected);
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
    const sum = loop([load(A1, A0), assemble('add', { rd: A2, rs1: A2, rs2: A1 }), store(A0, 0x400), step(A0, 12)]);
    const pair = run(sum, { [A0]: DATA + 4, [A3]: 700, [A4]: 99 });
    pair.compareMemory(DATA, 0x4000);
    expect(pair.view.x[A0]).toBe(BigInt(DATA + 4 + 700 * 12));
    expect(pair.runner.counts.stepped).toBeLessThan(20);
  });

  test('is forgotten when a CSR is written that says what may be accessed', () => {
    const tables = RAM + 0x2_0000;
    const pair = new Lockstep();
    // Supervisor code at 1 GiB in RAM's first page, and a page of user data behind it, allowed by SUM alone.
    const words = [
      assemble('addi', { rd: A3, imm: 3 }),
      ...loop([load(A1, A0)]),
      assemble('csrrc', { rd: 0, rs1: T0, csr: sstatus }),
      step(A4, 1),
      step(A2, -1),
      assemble('bne', { rs1: A2, rs2: 0, imm: -28 }),
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
