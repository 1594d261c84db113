/** Code that changes, lies over pages, or is more than the decode cache holds. */
import { describe, expect, test } from 'vitest';
import { assemble, program } from '../../isa/assemble.ts';
import { Assembler, R } from '../testing/assembler.ts';
import { RAM_BASE } from '../testing/engine.ts';
import { engineOf, engines, expectSame } from '../testing/engines.ts';
import { ALL, EX, PageTables, US } from './testing/page-tables.ts';
import { END, inMode, loadText, outcomeOf, runText } from './testing/scenario.ts';

const AT = 0x8010_0000;
const VA = 0x4000_0000n;
const ret = assemble('jalr', { rs1: R.ra });
const returns = (value: number): Uint8Array => program([assemble('addi', { rd: R.a0, imm: value }), ret]);

describe.each(Object.keys(engines))('%s', (name) => {
  const engine = engineOf(name);

  test('what the program wrote is executed after FENCE.I', () => {
    const { reg } = runText(
      engine,
      `
        li   s0, ${AT}
        callr s0
        mv   a1, a0
        li   t0, ${assemble('addi', { rd: R.a0, imm: 7 })}
        sw   t0, 0(s0)
        fence.i
        callr s0
        mv   a2, a0
        li   t0, ${assemble('addi', { rd: R.a0, imm: 8 })}
        sw   t0, 0(s0)
        fence.i
        callr s0`,
      { blocks: [{ address: AT, bytes: returns(6) }] },
    );
    expect([reg('a1'), reg('a2'), reg('a0')]).toEqual([6n, 7n, 8n]);
  });

  test.each([
    ['a store', 'sw t0, 0(s0)'],
    ['an atomic', 'amoswap.w t1, t0, (s0)'],
    ['a conditional store', 'lr.w t1, (s0) \n sc.w t1, t0, (s0)'],
    ['CBO.ZERO, then a store', 'li t1, 0xf0 \n csrw menvcfg, t1 \n cbo.zero (s0) \n sw t0, 0(s0) \n sw s1, 4(s0)'],
    ['a store over two pages', 'addi s2, s0, -4 \n slli t0, t0, 32 \n sd t0, 0(s2)'],
  ])('code in the page that runs is rewritten by %s', (_, write) => {
    const { reg } = runText(
      engine,
      `
        la   s0, here
        li   s1, ${assemble('addi')}
        li   a1, 0
        li   s3, 3
again:  li   t0, ${assemble('addi', { rd: R.a0, rs1: R.a0, imm: 100 })}
        .align 64
here:   addi a0, a0, 1
        nop
        .zero 0
        ${write}
        fence.i
        addi s3, s3, -1
        bnez s3, again`.replace('.zero 0', Array.from({ length: 14 }, () => 'nop').join('\n')),
    );
    expect(reg('a0')).toBe(201n);
  });

  test('what a device wrote is executed after FENCE.I', () => {
    const labels = loadText(
      engine,
      `
        li   s0, ${AT}
        callr s0
        mv   a1, a0
        wfi
        fence.i
        callr s0
        ${END}`,
      { blocks: [{ address: AT, bytes: returns(6) }] },
    );
    expect(engine.run(1000)).toBe('wfi');
    engine.dma(AT, returns(9));
    expect(engine.run(1000)).toBe('wfi');
    const { reg } = outcomeOf(engine, labels);
    expect([reg('a1'), reg('a0')]).toEqual([6n, 9n]);
  });

  describe('an instruction over two pages', () => {
    const word = assemble('addi', { rd: R.a0, rs1: R.a0, imm: 1 });
    const half = (value: number): Uint8Array => Uint8Array.of(value & 0xff, (value >> 8) & 0xff);
    const first = { address: AT + 0xffe, bytes: half(word) };
    const second = (imm: number, page: number): { address: number; bytes: Uint8Array } => ({
      address: AT + page * 4096,
      bytes: Uint8Array.of(...half(assemble('addi', { rd: R.a0, rs1: R.a0, imm }) >>> 16), ...program([ret])),
    });
    const tables = (): PageTables =>
      new PageTables(3, 0x8020_0000)
        .map(BigInt(RAM_BASE), RAM_BASE, ALL, 1)
        .map(0x8020_0000n, 0x8020_0000, ALL, 1)
        .map(VA, AT, ALL);

    test('is one, from whatever page follows now', () => {
      const map = tables().map(VA + 4096n, AT + 4096, ALL);
      const pte = map.entry(VA + 4096n);
      const { reg } = runText(
        engine,
        `
        li   t0, ${map.satp()}
        csrw satp, t0
        li   s0, ${VA + 0xffen}
        li   s1, ${pte}
        li   s2, ${(BigInt(AT + 8192) >> 2n) | BigInt(ALL)}
        ${inMode(1)}
        li   a0, 0
        callr s0
        callr s0
        sd   s2, 0(s1)
        sfence.vma zero, zero
        callr s0
        csrw satp, zero`,
        { blocks: [map.block, first, second(1, 1), second(100, 2)] },
      );
      expect(reg('a0')).toBe(102n);
    });

    test.each([
      ['is not there', 0, 12],
      ['is not executable', ALL & ~EX, 12],
      ["is U-mode's", ALL | US, 12],
    ])('faults at the second page when that %s', (_, flags, cause) => {
      const map = tables();
      if (flags !== 0) map.map(VA + 4096n, AT + 4096, flags);
      const { log, reg } = runText(
        engine,
        `
        li   t0, ${map.satp()}
        csrw satp, t0
        li   s0, ${VA + 0xffen}
        ${inMode(1)}
        li   a0, 0
        csrr a1, sscratch
        callr s0
        csrw satp, zero`,
        { blocks: [map.block, first, second(1, 1)] },
      );
      expect(log).toEqual([{ cause: BigInt(cause), tval: VA + 0x1000n, pc: VA + 0xffen }]);
      expect(reg('a0')).toBe(0n);
    });

    test('that is illegal has its whole self as trap value', () => {
      const { log } = runText(
        engine,
        `
        li   s0, ${AT + 0xffe}
        callr s0`,
        {
          blocks: [{ address: AT + 0xffe, bytes: Uint8Array.of(0x7b, 0x12, 0x34, 0x56, ...program([ret])) }],
        },
      );
      expect(log).toEqual([{ cause: 2n, tval: 0x5634_127bn, pc: BigInt(AT + 0xffe) }]);
    });
  });

  test('a compressed instruction in the last parcel does not touch the next page', () => {
    const map = new PageTables(3, 0x8020_0000).map(BigInt(RAM_BASE), RAM_BASE, ALL, 1).map(VA, AT, ALL);
    const { log, reg } = runText(
      engine,
      `
        li   t0, ${map.satp()}
        csrw satp, t0
        li   s0, ${VA + 0xffen}
        ${inMode(1)}
        callr s0
        csrw satp, zero`,
      { blocks: [map.block, { address: AT + 0xffe, bytes: program([assemble('c.li', { rd: R.a0, imm: 5 })]) }] },
    );
    expect(reg('a0')).toBe(5n);
    expect(log).toEqual([{ cause: 12n, tval: VA + 0x1000n, pc: VA + 0x1000n }]);
  });

  test('code that runs at an address is gone when the address is mapped elsewhere', () => {
    const map = new PageTables(3, 0x8020_0000)
      .map(BigInt(RAM_BASE), RAM_BASE, ALL, 1)
      .map(0x8020_0000n, 0x8020_0000, ALL, 1)
      .map(VA, AT, ALL);
    const { reg } = runText(
      engine,
      `
        li   t0, ${map.satp()}
        csrw satp, t0
        li   s0, ${VA}
        li   s1, ${map.entry(VA)}
        li   s2, ${(BigInt(AT + 4096) >> 2n) | BigInt(ALL)}
        ${inMode(1)}
        callr s0
        mv   a1, a0
        sd   s2, 0(s1)
        sfence.vma s0, zero
        callr s0
        csrw satp, zero`,
      {
        blocks: [map.block, { address: AT, bytes: returns(1) }, { address: AT + 4096, bytes: returns(2) }],
      },
    );
    expect([reg('a1'), reg('a0')]).toEqual([1n, 2n]);
  });

  test('more than 1024 pages of code, each of which goes over into the next', () => {
    const pages = 1400;
    const ramBytes = 8 << 20;
    const big = engineOf(name, ramBytes);
    const a = new Assembler(RAM_BASE).li(R.s1, 2).label('again');
    for (let page = 1; page <= pages; page++) {
      // Mostly a jump to the end of the page, with a 32-bit instruction over the boundary.
      a.op('addi', { rd: R.a1, rs1: R.a1, imm: 1 }).to('jal', `end${page}`);
      a.space(RAM_BASE + page * 4096 - 2 - a.here).label(`end${page}`);
      a.op('addi', { rd: R.a0, rs1: R.a0, imm: page % 2000 });
    }
    a.op('addi', { rd: R.s1, rs1: R.s1, imm: -1 }).op('beq', { rs1: R.s1, rs2: R.zero, imm: 16 });
    a.la(R.t0, 'again').op('jalr', { rs1: R.t0 }).op('wfi');
    const block = a.finish();
    const sum = BigInt(pages) * BigInt(pages + 1);
    for (const each of name === 'reference' ? [big] : [big, engineOf('reference', ramBytes)]) {
      each.load({}, [block]);
      expect(each.run(100_000)).toBe('wfi');
      expect(each.read().x[R.a0]).toBe(sum);
      expect(each.read().x[R.a1]).toBe(BigInt(2 * pages));
    }
    expectSame(big, engineOf('reference', ramBytes));
  });
});
