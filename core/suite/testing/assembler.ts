/** Programs for tests: instructions in a row, labels, and the few pseudo-instructions that make them readable. */
import { assemble, type Operands } from '../../isa/assemble.ts';
import { csrs } from '../../isa/csr.ts';
import type { Block } from './engine.ts';

/** Integer registers by name of the ABI. */
export const R = {
  ...{ zero: 0, ra: 1, sp: 2, gp: 3, tp: 4, t0: 5, t1: 6, t2: 7, s0: 8, s1: 9 },
  ...{ a0: 10, a1: 11, a2: 12, a3: 13, a4: 14, a5: 15, a6: 16, a7: 17 },
  ...{ s2: 18, s3: 19, s4: 20, s5: 21, s6: 22, s7: 23, s8: 24, s9: 25, s10: 26, s11: 27 },
  ...{ t3: 28, t4: 29, t5: 30, t6: 31 },
} as const;

const csrNumbers = new Map(csrs.map(({ name, number }) => [name, number]));

/** The number of a CSR. Throws for an unknown name. */
export function csrNumber(name: string): number {
  const number = csrNumbers.get(name);
  if (number === undefined) throw new Error(`no CSR is called ${name}`);
  return number;
}

export class Assembler {
  readonly base: number;
  readonly #bytes: number[] = [];
  readonly #labels = new Map<string, number>();
  readonly #fixups: (() => void)[] = [];

  constructor(base: number) {
    this.base = base;
  }

  get here(): number {
    return this.base + this.#bytes.length;
  }

  label(name: string): this {
    if (this.#labels.has(name)) throw new Error(`label ${name} is set twice`);
    this.#labels.set(name, this.here);
    return this;
  }

  /** The address of a label that is set already, or, after {@link finish}, of any. */
  at(label: string): number {
    const address = this.#labels.get(label);
    if (address === undefined) throw new Error(`there is no label ${label}`);
    return address;
  }

  /** One instruction. */
  op(mnemonic: string, operands: Operands = {}): this {
    return this.word(assemble(mnemonic, operands));
  }

  /** One instruction as a number; its low bits say its length. */
  word(word: number): this {
    this.#put(this.#bytes.length, word, (word & 3) === 3 ? 4 : 2);
    return this;
  }

  /** A branch or jump to a label. */
  to(mnemonic: string, label: string, operands: Operands = {}): this {
    const from = this.here;
    this.op(mnemonic, operands);
    this.#fixups.push(() => {
      const word = assemble(mnemonic, { ...operands, imm: this.at(label) - from });
      this.#put(from - this.base, word, (word & 3) === 3 ? 4 : 2);
    });
    return this;
  }

  /** The address of a label, or a number, relative to the program. */
  la(rd: number, target: string | number): this {
    const from = this.here;
    this.op('auipc', { rd }).op('addi', { rd, rs1: rd });
    this.#fixups.push(() => {
      const offset = (typeof target === 'number' ? target : this.at(target)) - from;
      const high = (offset + 0x800) & ~0xfff;
      this.#put(from - this.base, assemble('auipc', { rd, imm: high }), 4);
      this.#put(from - this.base + 4, assemble('addi', { rd, rs1: rd, imm: offset - high }), 4);
    });
    return this;
  }

  /** Any 64-bit number. */
  li(rd: number, value: bigint | number): this {
    const number = BigInt.asIntN(64, BigInt(value));
    if (number >= -2048n && number < 2048n) return this.op('addi', { rd, imm: Number(number) });
    const low = BigInt.asIntN(12, number);
    const rest = number - low;
    if (BigInt.asIntN(32, rest) === rest) {
      this.op('lui', { rd, imm: Number(rest) });
      return low === 0n ? this : this.op('addiw', { rd, rs1: rd, imm: Number(low) });
    }
    let shift = 12;
    while (((rest >> BigInt(shift)) & 1n) === 0n) shift++;
    this.li(rd, BigInt.asIntN(64, BigInt.asIntN(64, rest) >> BigInt(shift)));
    this.op('slli', { rd, rs1: rd, imm: shift });
    return low === 0n ? this : this.op('addi', { rd, rs1: rd, imm: Number(low) });
  }

  csrr(rd: number, csr: string): this {
    return this.op('csrrs', { rd, csr: csrNumber(csr) });
  }
  csrw(csr: string, rs1: number): this {
    return this.op('csrrw', { rs1, csr: csrNumber(csr) });
  }
  /** Sets a CSR to a number, by way of `scratch`. */
  csrli(csr: string, value: bigint | number, scratch: number = R.t0): this {
    return this.li(scratch, value).csrw(csr, scratch);
  }

  align(bytes: number): this {
    while (this.here % bytes !== 0) this.#bytes.push(0);
    return this;
  }
  /** 64-bit words. */
  data(...words: (bigint | number)[]): this {
    for (const word of words) {
      let rest = BigInt.asUintN(64, BigInt(word));
      for (let i = 0; i < 8; i++, rest >>= 8n) this.#bytes.push(Number(rest & 0xffn));
    }
    return this;
  }
  space(bytes: number): this {
    for (let i = 0; i < bytes; i++) this.#bytes.push(0);
    return this;
  }

  /** The finished program. */
  finish(): Block {
    for (const fixup of this.#fixups) fixup();
    return { address: this.base, bytes: Uint8Array.from(this.#bytes) };
  }

  #put(at: number, word: number, length: number): void {
    for (let i = 0; i < length; i++) this.#bytes[at + i] = (word >>> (8 * i)) & 0xff;
  }
}
