/** Zicsr, the privileged instructions, Svinval and the cache-block operations. */
import type { CsrOperation } from '../emitter.ts';
import { plain, system, type Extension, type Instruction } from '../instruction.ts';

const csr = (name: string, funct3: string, operation: CsrOperation): Instruction[] => [
  system(`${name} rd, csr, rs1`, `csr rs1 0${funct3} rd 1110011`, (h) => (h.rd = h.csr(operation, h.rs1))),
  system(`${name}i rd, csr, zimm`, `csr zimm 1${funct3} rd 1110011`, (h) => (h.rd = h.csr(operation, h.zimm))),
];

/** RISC-V unprivileged ISA, chapter "Zicsr". */
export const Zicsr: Extension = {
  name: 'zicsr',
  instructions: [...csr('csrrw', '01', 'write'), ...csr('csrrs', '10', 'set'), ...csr('csrrc', '11', 'clear')],
};

/** RISC-V privileged architecture, chapters "Machine-Level ISA" and "Supervisor-Level ISA". */
export const Privileged: Extension = {
  name: 'privileged',
  instructions: [
    system('sret', '0001000 00010 00000 000 00000 1110011', (h) => h.sret()),
    system('mret', '0011000 00010 00000 000 00000 1110011', (h) => h.mret()),
    system('wfi', '0001000 00101 00000 000 00000 1110011', (h) => h.wfi()),
    system('sfence.vma rs1, rs2', '0001001 rs2 rs1 000 00000 1110011', (h) => h.sfenceVma(h.rs1, h.rs2)),
  ],
};

/** Chapter "Svinval": invalidations are done at once, so the fences around them have nothing left to order. */
export const Svinval: Extension = {
  name: 'svinval',
  instructions: [
    system('sinval.vma rs1, rs2', '0001011 rs2 rs1 000 00000 1110011', (h) => h.sfenceVma(h.rs1, h.rs2)),
    system('sfence.w.inval', '0001100 00000 00000 000 00000 1110011', (h) =>
      h.if(h.get('privilege').eq(0), () => h.illegal()),
    ),
    system('sfence.inval.ir', '0001100 00001 00000 000 00000 1110011', (h) =>
      h.if(h.get('privilege').eq(0), () => h.illegal()),
    ),
  ],
};

/** RISC-V unprivileged ISA, chapter "CMO". Zicbop's prefetches are ORI hints and need no rows. */
export const Zicbom: Extension = {
  name: 'zicbom',
  instructions: [
    system('cbo.inval (rs1)', '000000000000 rs1 010 00000 0001111', (h) => h.cacheBlock('inval', h.rs1)),
    system('cbo.clean (rs1)', '000000000001 rs1 010 00000 0001111', (h) => h.cacheBlock('clean', h.rs1)),
    system('cbo.flush (rs1)', '000000000010 rs1 010 00000 0001111', (h) => h.cacheBlock('flush', h.rs1)),
  ],
};
export const Zicboz: Extension = {
  name: 'zicboz',
  instructions: [plain('cbo.zero (rs1)', '000000000100 rs1 010 00000 0001111', (h) => h.cacheBlock('zero', h.rs1))],
};
