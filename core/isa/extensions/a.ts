/** A, atomic instructions: Zalrsc and Zaamo (RISC-V unprivileged ISA, chapter "A"). */
import type { AmoOperation } from '../emitter.ts';
import { plain, type Extension, type Instruction } from '../instruction.ts';

// Every access is sequentially consistent, which is at least what any `aq` and `rl` ask for.
const amo = (name: string, funct5: string, operation: AmoOperation): Instruction[] =>
  ([4, 8] as const).map((width) =>
    plain(
      `${name}.${width === 4 ? 'w' : 'd'} rd, rs2, (rs1)`,
      `${funct5} aq rl rs2 rs1 01${width === 4 ? '0' : '1'} rd 0101111`,
      (h) => (h.rd = h.amo(operation, width, h.rs1, h.rs2)),
    ),
  );

export const A: Extension = {
  name: 'a',
  instructions: [
    plain('lr.w rd, (rs1)', '00010 aq rl 00000 rs1 010 rd 0101111', (h) => (h.rd = h.loadReserved(4, h.rs1))),
    plain('lr.d rd, (rs1)', '00010 aq rl 00000 rs1 011 rd 0101111', (h) => (h.rd = h.loadReserved(8, h.rs1))),
    plain('sc.w rd, rs2, (rs1)', '00011 aq rl rs2 rs1 010 rd 0101111', (h) => {
      h.rd = h.storeConditional(4, h.rs1, h.rs2);
    }),
    plain('sc.d rd, rs2, (rs1)', '00011 aq rl rs2 rs1 011 rd 0101111', (h) => {
      h.rd = h.storeConditional(8, h.rs1, h.rs2);
    }),
    ...amo('amoswap', '00001', 'xchg'),
    ...amo('amoadd', '00000', 'add'),
    ...amo('amoxor', '00100', 'xor'),
    ...amo('amoand', '01100', 'and'),
    ...amo('amoor', '01000', 'or'),
    ...amo('amomin', '10000', 'min'),
    ...amo('amomax', '10100', 'max'),
    ...amo('amominu', '11000', 'minu'),
    ...amo('amomaxu', '11100', 'maxu'),
  ],
};
