/** Pairs are executed as their instructions are one by one, wherever a program enters them. */
import { expect, test } from 'vitest';
import { assemble, program } from '../isa/assemble.ts';
import { instructions } from '../isa/table.ts';
import { Exit } from '../shared/hart-state.ts';
import { pairs } from './pairs.ts';
import { bareHart } from './testing/bare-hart.ts';

const BASE = 0x8000_0000;
const DATA = BASE + 0x1000;
const [A0, A1] = [10, 11];

/** An instruction whose operands are such that it goes on, jumps included. */
function plain(number: number): number {
  const { mnemonic, operands } = instructions[number];
  if (mnemonic === 'jal') return assemble(mnemonic, { rd: A1, imm: 4 });
  if (mnemonic === 'jalr') return assemble(mnemonic, { rd: A1, rs1: 5, imm: 0 });
  const given: Record<string, number> = { rd: A1, rs1: A0, rs2: A1, imm: 8, shamt: 3 };
  const names = operands.split(/[^a-z0-9]+/).filter((name) => name in given);
  if (mnemonic === 'lui' || mnemonic === 'auipc') given['imm'] = 0x1000;
  return assemble(mnemonic, Object.fromEntries(names.map((name) => [name, given[name]])));
}

test.each(pairs.map(([first, second]) => [instructions[first].mnemonic, instructions[second].mnemonic, first, second]))(
  '%s %s',
  (_, __, first, second) => {
    // A branch by 8 passes the first WFI.
    const words = [plain(first), plain(second), assemble('wfi'), assemble('wfi')];
    // At the second alone as well, after it was decoded as the second of a pair.
    for (const start of [0, 4]) {
      const [together, stepped] = [bareHart(), bareHart()];
      for (const { hart, ram } of [together, stepped]) {
        ram.write(BASE, program(words));
        hart.view.x[5] = BigInt(BASE + 8);
        hart.view.x[A0] = BigInt(DATA);
        hart.view.x[A1] = 0x1234n;
      }
      if (start > 0) {
        expect(together.hart.run(100)).toBe(Exit.WFI);
        for (const { hart } of [together, stepped]) hart.view.pc = BigInt(BASE + start);
        stepped.hart.view.x.set(together.hart.view.x);
        stepped.hart.view.instret = together.hart.view.instret;
        stepped.ram.write(
          DATA,
          Uint8Array.from({ length: 64 }, (_, i) => together.ram.readU8(DATA + i)),
        );
      }
      expect(together.hart.run(100)).toBe(Exit.WFI);
      while (stepped.hart.step() !== Exit.WFI);
      for (const field of ['pc', 'instret'] as const) expect(together.hart.view[field]).toBe(stepped.hart.view[field]);
      expect([...together.hart.view.x].slice(0, 32)).toEqual([...stepped.hart.view.x].slice(0, 32));
    }
  },
);
