import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Exit } from '../shared/hart-state.ts';
import { bareHart } from '../hart/testing/bare-hart.ts';
import { assembleText } from './assemble-text.ts';
import { disassemble } from './disassemble.ts';

const BASE = 0x8000_0000;

function words(source: string): string[] {
  const { bytes } = assembleText(source);
  const view = new DataView(bytes.buffer);
  return Array.from({ length: bytes.length / 4 }, (_, i) =>
    disassemble(view.getUint32(i * 4, true), BigInt(BASE + i * 4)),
  );
}

describe('assembleText', () => {
  test('takes operands in the order in which the disassembler shows them', () => {
    const lines = [
      'addi a0, sp, -16',
      'sd ra, 8(sp)',
      'lr.w t0, (a0)',
      'amoadd.d t0, t1, (a0)',
      'csrrw zero, mstatus, t0',
      'csrrwi zero, sie, 2',
      'fence rw, w',
      'sfence.vma zero, zero',
      'mret',
      'fadd.d fa0, fa1, fa2, dyn',
    ];
    expect(words(lines.join('\n').replace(', dyn', ''))).toEqual(lines);
  });

  test('resolves labels before and behind', () => {
    expect(words('start: j next\nnop\nnext: bnez a0, start')).toEqual([
      'jal zero, 0x80000008',
      'addi zero, zero, 0',
      'bne a0, zero, 0x80000000',
    ]);
  });

  test('knows the ordering of atomics', () => {
    const [plain, ordered] = ['amoadd.w t0, t1, (a0)', 'amoadd.w.aqrl t0, t1, (a0)'].map((line) =>
      new DataView(assembleText(line).bytes.buffer).getUint32(0, true),
    );
    expect(ordered ^ plain).toBe(3 << 25);
  });

  test('lays out data', () => {
    const { bytes, labels } = assembleText('.byte 1, 2\n.align 8\ndata: .dword data+8, -1\n.zero 4\nend:');
    expect(labels).toEqual(
      new Map([
        ['data', BASE + 8],
        ['end', BASE + 28],
      ]),
    );
    const view = new DataView(bytes.buffer);
    expect([view.getUint16(0, true), view.getBigUint64(8, true), view.getBigInt64(16, true)]).toEqual([
      0x201,
      BigInt(BASE + 16),
      -1n,
    ]);
  });

  test.each([
    ['addi a0, a1', 'addi a0, a1: addi has 3 operands: rd, rs1, imm'],
    ['frob a0', 'frob a0: no instruction is called frob'],
    ['j nowhere', 'j nowhere: no label is called nowhere'],
    ['addi a0, q1, 0', 'addi a0, q1, 0: no register is called q1'],
    ['addi a0, a0, 4096', 'addi a0, a0, 4096: imm cannot be 4096'],
    ['a:\na:', 'a:: this label is there already'],
    ['.frob 1', '.frob 1: no directive is called .frob'],
  ])('refuses %j by name', (source, message) => {
    expect(() => assembleText(source)).toThrow(message);
  });

  test('loads any constant, and the address of any label', () => {
    const { hart, ram } = bareHart();
    const constant = fc.oneof(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), fc.bigInt(-5000n, 5000n));
    fc.assert(
      fc.property(constant, fc.nat(60), fc.nat(10_000), (wide, shift, gap) => {
        const number = wide >> BigInt(shift);
        const { bytes, labels } = assembleText(`li a0, ${number}\nla a1, there\nwfi\n.zero ${gap}\nthere:`);
        ram.write(BASE, bytes);
        hart.reset(BigInt(BASE));
        expect(hart.run(100)).toBe(Exit.WFI);
        expect(BigInt.asIntN(64, hart.view.x[10])).toBe(number);
        expect(Number(hart.view.x[11])).toBe(labels.get('there'));
      }),
    );
  });
});
