/**
 * A small assembler of text, for programs of our own: the instructions of the table in the manual's syntax, labels,
 * the usual pseudo-instructions, and data.
 *
 *   start:  li    t0, 100          # any 64-bit constant
 *   loop:   addi  t0, t0, -1
 *           bnez  t0, loop
 *           la    a0, message      # relative to pc
 *           lw    a1, 4(a0)
 *   message:
 *           .dword 1, start
 *
 * Two differences to other assemblers: the immediate of LUI and AUIPC is the value that they add, not its upper bits;
 * and nothing is ever compressed.
 */
import { assemble, program } from './assemble.ts';
import { csrs } from './csr.ts';
import { F_NAMES, X_NAMES } from './register-names.ts';
import { instructions } from './table.ts';

export interface AssembledProgram {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Addresses of the labels. */
  readonly labels: ReadonlyMap<string, number>;
}

/** Puts a statement's bytes at `address`; called when all labels are known. */
type Emit = (address: number) => readonly number[] | Uint8Array;

interface Statement {
  readonly size: number;
  readonly emit: Emit;
  readonly line: string;
}

const templates = new Map<string, { names: readonly string[]; relative: boolean }>(
  instructions.map(({ mnemonic, operands, kind }) => [
    mnemonic,
    { names: operands.match(/[a-z]+\d?/g) ?? [], relative: kind === 'jump' && mnemonic !== 'jalr' },
  ]),
);
const csrNumbers = new Map(csrs.map(({ name, number }) => [name, number]));
const registers = new Map([
  ...X_NAMES.map((name, number) => [name, number] as const),
  ...X_NAMES.map((_, number) => [`x${number}`, number] as const),
  ...F_NAMES.map((name, number) => [name, number] as const),
]);
/** Dynamic: as `frm` says. */
const ROUNDING_DYNAMIC = 7;

/** Assembles `source` for `base`. Throws an `Error` that names the line. */
export function assembleText(source: string, base = 0x8000_0000): AssembledProgram {
  const labels = new Map<string, number>();
  const statements: Statement[] = [];
  let address = base;
  const at = (line: string, action: () => void): void => {
    try {
      action();
    } catch (error) {
      throw new Error(`${line.trim()}: ${(error as Error).message}`, { cause: error });
    }
  };
  for (const line of source.split('\n')) {
    at(line, () => {
      let text = line.replace(/#.*/, '').trim();
      for (let label = /^([A-Za-z_]\w*):\s*/.exec(text); label; label = /^([A-Za-z_]\w*):\s*/.exec(text)) {
        if (labels.has(label[1])) throw new Error('this label is there already');
        labels.set(label[1], address);
        text = text.slice(label[0].length);
      }
      if (text === '') return;
      const [, mnemonic, rest] = /^(\S+)\s*(.*)$/.exec(text) as unknown as [string, string, string];
      const operands = rest.split(/[\s,()]+/).filter((operand) => operand !== '');
      const statement = parse(mnemonic, operands, labels, address);
      statements.push({ ...statement, line });
      address += statement.size;
    });
  }
  const bytes = new Uint8Array(address - base);
  address = base;
  for (const { size, emit, line } of statements) {
    at(line, () => {
      const emitted = emit(address);
      bytes.set(emitted instanceof Uint8Array ? emitted : program(emitted), address - base);
    });
    address += size;
  }
  return { bytes, labels };
}

type Labels = ReadonlyMap<string, number>;
type Parsed = Omit<Statement, 'line'>;

function parse(mnemonic: string, operands: readonly string[], labels: Labels, address: number): Parsed {
  if (mnemonic.startsWith('.')) return parseData(mnemonic, operands, labels, address);
  const [first = '', second = ''] = operands;
  if (mnemonic === 'li') {
    const words = loadImmediate(register(first), BigInt.asIntN(64, bigValue(second)));
    return { size: words.length * 4, emit: () => words };
  }
  if (mnemonic === 'la') {
    const rd = register(first);
    return {
      size: 8,
      emit: (pc) => {
        const offset = value(second, labels) - pc;
        const low = (offset << 20) >> 20;
        return [assemble('auipc', { rd, imm: offset - low }), assemble('addi', { rd, rs1: rd, imm: low })];
      },
    };
  }
  const pseudo = PSEUDO[mnemonic]?.(operands);
  if (pseudo !== undefined) return parse(pseudo[0], pseudo.slice(1), labels, address);
  return { size: 4, emit: (pc) => [instruction(mnemonic, operands, labels, pc)] };
}

/** Each is one instruction with operands filled in. */
const PSEUDO: Readonly<Record<string, (operands: readonly string[]) => readonly string[]>> = {
  nop: () => ['addi', 'zero', 'zero', '0'],
  mv: ([rd, rs]) => ['addi', rd, rs, '0'],
  not: ([rd, rs]) => ['xori', rd, rs, '-1'],
  neg: ([rd, rs]) => ['sub', rd, 'zero', rs],
  seqz: ([rd, rs]) => ['sltiu', rd, rs, '1'],
  snez: ([rd, rs]) => ['sltu', rd, 'zero', rs],
  beqz: ([rs, to]) => ['beq', rs, 'zero', to],
  bnez: ([rs, to]) => ['bne', rs, 'zero', to],
  bltz: ([rs, to]) => ['blt', rs, 'zero', to],
  bgez: ([rs, to]) => ['bge', rs, 'zero', to],
  j: ([to]) => ['jal', 'zero', to],
  call: ([to]) => ['jal', 'ra', to],
  jr: ([rs]) => ['jalr', 'zero', '0', rs],
  callr: ([rs]) => ['jalr', 'ra', '0', rs],
  ret: () => ['jalr', 'zero', '0', 'ra'],
  csrr: ([rd, csr]) => ['csrrs', rd, csr, 'zero'],
  csrw: ([csr, rs]) => ['csrrw', 'zero', csr, rs],
  csrs: ([csr, rs]) => ['csrrs', 'zero', csr, rs],
  csrc: ([csr, rs]) => ['csrrc', 'zero', csr, rs],
  csrwi: ([csr, bits]) => ['csrrwi', 'zero', csr, bits],
  csrsi: ([csr, bits]) => ['csrrsi', 'zero', csr, bits],
  csrci: ([csr, bits]) => ['csrrci', 'zero', csr, bits],
};

function instruction(text: string, operands: readonly string[], labels: Labels, pc: number): number {
  // The ordering of an atomic stands behind its name: .aq, .rl, .aqrl.
  const [, mnemonic, ordering = ''] = /^(.*?)(?:\.(aq|rl|aqrl))?$/.exec(text) as unknown as string[];
  const template = templates.get(mnemonic);
  if (template === undefined) throw new Error(`no instruction is called ${mnemonic}`);
  const given = mnemonic === 'fence' && operands.length === 0 ? ['rw', 'rw'] : operands;
  const names = template.names.filter((name) => name !== 'rm');
  if (given.length !== names.length) throw new Error(`${mnemonic} has ${names.length} operands: ${names.join(', ')}`);
  const fields: Record<string, number> = template.names.includes('rm') ? { rm: ROUNDING_DYNAMIC } : {};
  names.forEach((name, i) => {
    fields[name] = operand(name, given[i], labels);
    if (name === 'imm' && template.relative && labels.has(given[i].replace(/[+-].*/, ''))) fields[name] -= pc;
  });
  if (ordering.includes('aq')) fields['aq'] = 1;
  if (ordering.includes('rl')) fields['rl'] = 1;
  return assemble(mnemonic, fields);
}

function operand(name: string, text: string, labels: Labels): number {
  if (/^[rf][ds]\d?$/.test(name)) return register(text);
  if (name === 'csr') return csrNumbers.get(text) ?? value(text, labels);
  if (name === 'pred' || name === 'succ') {
    return [...text].reduce((bits, letter) => bits | (8 >> 'iorw'.indexOf(letter)), 0);
  }
  return value(text, labels);
}

function register(text: string): number {
  const number = registers.get(text);
  if (number === undefined) throw new Error(`no register is called ${text}`);
  return number;
}

function bigValue(text: string): bigint {
  return text.startsWith('-') ? -BigInt(text.slice(1)) : BigInt(text);
}

/** A number, a label, or a label with an offset. */
function value(text: string, labels: Labels): number {
  const [, name, offset = '0'] = /^([A-Za-z_]\w*)([+-]\w+)?$/.exec(text) ?? [];
  if (name === undefined) return Number(bigValue(text));
  const label = labels.get(name);
  if (label === undefined) throw new Error(`no label is called ${name}`);
  return label + Number(bigValue(offset.replace('+', '')));
}

const DATA_WIDTHS: Readonly<Record<string, number>> = { '.byte': 1, '.half': 2, '.word': 4, '.dword': 8 };

function parseData(directive: string, operands: readonly string[], labels: Labels, address: number): Parsed {
  const zeroes = (size: number): Parsed => ({ size, emit: () => new Uint8Array(size) });
  if (directive === '.zero') return zeroes(Number(operands[0]));
  // To a multiple of so many bytes.
  if (directive === '.align') return zeroes(-address & (Number(operands[0]) - 1));
  const width = DATA_WIDTHS[directive];
  if (width === undefined) throw new Error(`no directive is called ${directive}`);
  return {
    size: width * operands.length,
    emit: () => {
      const view = new DataView(new ArrayBuffer(8 * operands.length));
      operands.forEach((text, i) => {
        const isNumber = /^-?\d/.test(text);
        view.setBigUint64(i * width, BigInt.asUintN(64, isNumber ? bigValue(text) : BigInt(value(text, labels))), true);
      });
      return new Uint8Array(view.buffer, 0, width * operands.length);
    },
  };
}

const fits = (bits: number, number: bigint): boolean => BigInt.asIntN(bits, number) === number;

/** The words that put a 64-bit constant into `rd`. */
function loadImmediate(rd: number, constant: bigint): number[] {
  if (fits(12, constant)) return [assemble('addi', { rd, imm: Number(constant) })];
  const low = BigInt.asIntN(12, constant);
  if (fits(32, constant)) {
    const high = Number(BigInt.asIntN(32, constant - low));
    return [assemble('lui', { rd, imm: high }), assemble('addiw', { rd, rs1: rd, imm: Number(low) })];
  }
  let high = BigInt.asIntN(64, constant - low) >> 12n;
  let shift = 12;
  while ((high & 1n) === 0n) {
    high >>= 1n;
    shift++;
  }
  const added = low === 0n ? [] : [assemble('addi', { rd, rs1: rd, imm: Number(low) })];
  return [...loadImmediate(rd, high), assemble('slli', { rd, rs1: rd, imm: shift }), ...added];
}
