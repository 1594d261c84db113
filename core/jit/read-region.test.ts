import { describe, expect, test } from 'vitest';
import { program } from '../isa/assemble.ts';
import { assembleText } from '../isa/assemble-text.ts';
import { PAGE_SIZE } from '../shared/memory-map.ts';
import { readRegion, type ReadOptions } from './read-region.ts';
import { Ending, type Region, type RegionBlock } from './region.ts';
import { regionOf } from './testing/region-text.ts';

const LAST = PAGE_SIZE - 4;
const wordsOf = (source: string): number[] => [...new Uint32Array(assembleText(source, 0).bytes.buffer)];

/** The region of a program that begins `start` bytes into its page. */
const read = (source: string, start = 0, options: ReadOptions = {}): Region | undefined =>
  regionOf(wordsOf(source), start, options);

const endings = Object.fromEntries(Object.entries(Ending).map(([name, ending]) => [ending, name.toLowerCase()]));
const hasTarget = ({ ending }: RegionBlock): boolean =>
  ending === Ending.BRANCH || ending === Ending.JUMP || ending === Ending.CALL;

/** A block is its instructions, where it ends, how, and where that leads. */
const show = (block: RegionBlock): string =>
  [
    `${block.offset}:`,
    ...block.instructions.map(({ instruction }) => instruction.mnemonic),
    `| ${block.end} ${endings[block.ending]}${hasTarget(block) ? ` ${block.target}` : ''}`,
  ].join(' ');

const blocks = (region: Region | undefined): string[] | undefined => region?.blocks.map(show);

describe('a block', () => {
  test('ends at a branch, and others begin where that leads', () => {
    expect(blocks(read('nop\n beqz a0, to\n nop\n to: nop\n wfi'))).toEqual([
      '0: addi beq | 8 branch 12',
      '8: addi | 12 next',
      '12: addi | 16 interpret',
    ]);
  });

  test('ends where a later branch leads to its middle', () => {
    expect(blocks(read('nop\n again: nop\n bnez a0, again\n wfi'))).toEqual([
      '0: addi | 4 next',
      '4: addi bne | 12 branch 4',
    ]);
  });

  test('begins in the middle of an instruction when a jump leads there', () => {
    // The upper half of the LUI is C.NOP, which leads behind it.
    const region = read('beqz a0, middle+2\n middle: lui a1, 0x00010000\n wfi');
    expect(blocks(region)).toEqual(['0: beq | 4 branch 6', '4: lui | 8 interpret', '6: addi | 8 interpret']);
  });

  test('ends at the page, and no instruction goes beyond it', () => {
    expect(blocks(read('nop\n nop\n nop', LAST - 4))).toEqual([`${LAST - 4}: addi addi | ${PAGE_SIZE} next`]);
    expect(blocks(read('nop\n nop\n nop', LAST - 2))).toEqual([`${LAST - 2}: addi | ${PAGE_SIZE - 2} interpret`]);
  });

  test('may end with a compressed instruction that is the last of its page', () => {
    const page = new Uint8Array(PAGE_SIZE);
    page.set(program([0x0001]), PAGE_SIZE - 2);
    const region = readRegion(new DataView(page.buffer), 0, PAGE_SIZE - 2);
    expect(blocks(region)).toEqual([`${PAGE_SIZE - 2}: addi | ${PAGE_SIZE} next`]);
  });

  test('has only so many instructions', () => {
    const region = read('nop\n nop\n nop\n nop\n nop\n wfi', 0, { blockLimit: 2 });
    expect(blocks(region)).toEqual(['0: addi addi | 8 next']);
  });
});

describe('a jump', () => {
  test('with x1 or x5 is a call: what returns is in the region, what is called is not', () => {
    for (const link of ['ra', 't0']) {
      const code = `jal ${link}, to\n nop\n ret\n to: nop\n wfi`;
      expect(blocks(read(code, 0, { calls: false }))).toEqual([
        '0: jal | 4 call 12',
        '4: addi jalr | 12 jump_register',
      ]);
      expect(blocks(read(`jalr ${link}, 0(a0)\n nop\n wfi`))).toEqual([
        '0: jalr | 4 call_register',
        '4: addi | 8 interpret',
      ]);
    }
  });

  test('with another register is a jump: what it leads to is in the region, what follows is not', () => {
    for (const link of ['zero', 't1', 'a0']) {
      expect(blocks(read(`jal ${link}, to\n nop\n wfi\n to: nop\n wfi`))).toEqual([
        '0: jal | 4 jump 12',
        '12: addi | 16 interpret',
      ]);
      expect(blocks(read(`jalr ${link}, 0(ra)\n nop\n wfi`))).toEqual(['0: jalr | 4 jump_register']);
    }
  });

  test('out of the page is a way out', () => {
    expect(blocks(read('beqz a0, -8\n wfi', 4))).toEqual(['4: beq | 8 branch -4']);
    expect(blocks(read('j 16\n nop', LAST))).toEqual([`${LAST}: jal | ${PAGE_SIZE} jump ${LAST + 16}`]);
    expect(blocks(read('jal ra, 8\n nop', LAST))).toEqual([`${LAST}: jal | ${PAGE_SIZE} call ${LAST + 8}`]);
  });
});

describe('a system instruction', () => {
  test.each(['wfi', 'ecall', 'ebreak', 'mret', 'sret', 'fence.i', 'sfence.vma zero, zero'])(
    'is the interpreter’s: %s',
    (instruction) => {
      expect(blocks(read(`nop\n ${instruction}\n nop\n ecall`))).toEqual([
        '0: addi | 4 interpret',
        '8: addi | 12 interpret',
      ]);
      expect(read(`${instruction}\n nop`)).toBeUndefined();
    },
  );

  test.each(['sstatus', 'sie', 'sip', 'sscratch', 'sepc', 'scause', 'stval', 'stvec', 'fcsr', 'frm', 'time'])(
    'that accesses a CSR of a supervisor’s traps, of floating point or the clock is compiled: %s',
    (csr) => {
      expect(blocks(read(`nop\n csrr a0, ${csr}\n nop\n wfi`))).toEqual(['0: addi csrrs addi | 12 interpret']);
    },
  );

  test.each(['minstret', 'mcycle', 'instret', 'cycle', 'satp', 'mstatus', 'mie', 'mtvec', 'pmpcfg0', 'pmpaddr0'])(
    'that accesses another CSR is the interpreter’s: %s',
    (csr) => {
      expect(blocks(read(`nop\n csrr a0, ${csr}\n nop\n wfi`))).toEqual([
        '0: addi | 4 interpret',
        '8: addi | 12 interpret',
      ]);
    },
  );
});

describe('a region', () => {
  test('is not there where nothing can be compiled', () => {
    expect(read('.word 0')).toBeUndefined();
    expect(read('nop', PAGE_SIZE - 2)).toBeUndefined();
  });

  test('ends at what is no instruction', () => {
    expect(blocks(read('nop\n .word 0\n nop'))).toEqual(['0: addi | 4 interpret']);
  });

  test('is without what was never executed', () => {
    const source = 'beqz a0, to\n nop\n wfi\n to: nop\n wfi';
    expect(blocks(read(source, 0, { wasExecuted: (offset) => offset < 12 }))).toEqual([
      '0: beq | 4 branch 12',
      '4: addi | 8 interpret',
    ]);
    expect(blocks(read(source, 0, { wasExecuted: (offset) => offset >= 12 }))).toEqual([
      '0: beq | 4 branch 12',
      '12: addi | 16 interpret',
    ]);
    const call = 'call to\n nop\n to: nop\n wfi';
    expect(blocks(read(call, 0, { wasExecuted: () => false }))).toEqual(['0: jal | 4 call 8']);
  });

  test('has only so many instructions', () => {
    const region = read('nop\n beqz a0, to\n nop\n nop\n to: nop\n nop\n wfi', 0, { limit: 3 });
    // What was cut off is not said to be the interpreter's.
    expect(blocks(region)).toEqual(['0: addi beq | 8 branch 16', '16: addi | 20 next']);
  });

  test('with a straight line that is too long ends in the middle of it', () => {
    expect(blocks(read('nop\n nop\n nop\n wfi', 0, { limit: 2 }))).toEqual(['0: addi addi | 8 next']);
  });
});

describe('entries', () => {
  const entries = (source: string, start = 0): readonly number[] | undefined => read(source, start)?.entries;

  test('begin with the start, wherever it stands', () => {
    const page = new Uint8Array(PAGE_SIZE);
    page.set(assembleText('again: nop\n nop\n middle: nop\n bnez a0, again\n wfi', 0).bytes);
    expect(readRegion(new DataView(page.buffer), 0, 8)?.entries).toEqual([8, 0]);
  });

  test('are where loops begin', () => {
    expect(entries('nop\n outer: nop\n inner: nop\n bnez a0, inner\n bnez a1, outer\n nop\n wfi')).toEqual([0, 8, 4]);
    expect(entries('self: bnez a0, self\n wfi')).toEqual([0]);
  });

  test('are where calls return to', () => {
    expect(entries('call 64\n nop\n jalr t0, 0(a0)\n nop\n wfi')).toEqual([0, 4, 12]);
  });

  test('are behind what the interpreter does', () => {
    expect(entries('nop\n wfi\n nop\n csrw mscratch, a0\n nop\n wfi')).toEqual([0, 8, 16]);
  });

  test('are not where branches lead forwards', () => {
    expect(entries('beqz a0, to\n nop\n nop\n to: nop\n wfi')).toEqual([0]);
  });

  test('are few, the start among them', () => {
    const found = entries('call 2048\n'.repeat(100)) ?? [];
    expect(found[0]).toBe(0);
    expect(found.length).toBeGreaterThan(8);
    expect(found.length).toBeLessThan(64);
  });
});
