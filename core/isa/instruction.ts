/** How the extensions' files declare instructions. */
import { parseEncoding, type Encoding } from './encoding.ts';
import type { Emitter } from './emitter.ts';

/** One instruction, defined. */
export interface Instruction {
  readonly mnemonic: string;
  /** Assembly operands as the manual writes them: `rd, imm(rs1)`. */
  readonly operands: string;
  readonly encoding: Encoding;
  readonly execute: (h: Emitter) => void;
  /** Whether it can be the middle of a compiled block; else it is left to the interpreter. */
  readonly kind: 'plain' | 'jump' | 'system';
}

/** A compressed instruction: another encoding of a base instruction, with some operands fixed. */
export interface Compressed {
  readonly mnemonic: string;
  readonly encoding: Encoding;
  /** Mnemonic of the base instruction. */
  readonly expandsTo: string;
  readonly fixed: Readonly<{ rd?: number; rs1?: number; rs2?: number; imm?: number }>;
}

/** An extension: its name as it stands in `riscv,isa-extensions`, and what it adds. */
export interface Extension {
  readonly name: string;
  readonly instructions: readonly Instruction[];
  readonly compressed?: readonly Compressed[];
}

function declare(
  kind: Instruction['kind'],
): (text: string, diagram: string, execute: Instruction['execute']) => Instruction {
  return (text, diagram, execute) => {
    const [mnemonic = '', ...operands] = text.split(' ');
    return { mnemonic, operands: operands.join(' '), encoding: parseEncoding(diagram), execute, kind };
  };
}

/** An instruction that falls through to the next. */
export const plain = declare('plain');
/** An instruction that ends a block by going elsewhere. */
export const jump = declare('jump');
/** An instruction that changes the hart's mode, or leaves guest code. */
export const system = declare('system');

export function compressed(
  mnemonic: string,
  diagram: string,
  expandsTo: string,
  fixed: Compressed['fixed'] = {},
): Compressed {
  return { mnemonic, encoding: parseEncoding(diagram), expandsTo, fixed };
}
