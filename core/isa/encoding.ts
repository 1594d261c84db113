/**
 * Encodings as the manual draws them.
 *
 *   'imm[12|10:5] rs2 rs1 000 imm[4:1|11] 1100011'
 *
 * is a row of the manual's own tables, most significant bit first: digits are fixed bits, `rs1` and its kind are
 * registers, `imm[...]` are pieces of an immediate with the bit numbers they hold. Names say how a field is read:
 *
 *   rd rs1 rs2        integer registers         fd fs1 fs2 fs3    floating-point registers
 *   rd' rs1' fs2' ... the eight of the compressed formats (x8..x15)
 *   rd/rs1            one field that is both    rd!=0             zero is another (or no) instruction
 *   imm               signed, from its highest bit         uimm, shamt   unsigned
 *   nzimm, nzuimm     the same, and zero is not allowed    csr, zimm, rm, and single letters: plain numbers
 */

/** Where the bits of a field stand in the instruction word. */
export interface Field {
  readonly name: string;
  /** Pieces: `width` bits at `from` in the word are bits `to` and up of the value. */
  readonly pieces: readonly { readonly from: number; readonly width: number; readonly to: number }[];
  readonly signed: boolean;
  readonly nonZero: boolean;
  /** Bits of the value, low zeros included. */
  readonly width: number;
  /** Added to the value: 8 for the compressed formats' registers. */
  readonly bias: number;
}

export interface Encoding {
  /** 2 or 4 bytes. */
  readonly length: 2 | 4;
  readonly mask: number;
  readonly match: number;
  readonly fields: readonly Field[];
}

const WIDTHS: Readonly<Record<string, number>> = {
  ...{ rd: 5, rs1: 5, rs2: 5, rs3: 5, fd: 5, fs1: 5, fs2: 5, fs3: 5, 'rd/rs1': 5, zimm: 5, csr: 12, rm: 3 },
  ...{ "rd'": 3, "rs1'": 3, "rs2'": 3, "fd'": 3, "fs2'": 3, "rd'/rs1'": 3 },
  ...{ aq: 1, rl: 1, fm: 4, pred: 4, succ: 4 },
};

/** Reads a diagram. Throws when it is not 16 or 32 bits wide, or names an unknown field. */
export function parseEncoding(diagram: string): Encoding {
  const tokens = diagram.trim().split(/\s+/);
  const widths = tokens.map(tokenWidth);
  const total = widths.reduce((sum, width) => sum + width, 0);
  if (total !== 16 && total !== 32) throw new Error(`encoding "${diagram}" has ${total} bits`);
  let mask = 0;
  let match = 0;
  let position = total;
  const fields = new Map<string, Field>();
  tokens.forEach((token, i) => {
    const width = widths[i];
    position -= width;
    if (/^[01]+$/.test(token)) {
      mask |= ((2 ** width - 1) << position) >>> 0;
      match |= (parseInt(token, 2) << position) >>> 0;
    } else {
      addField(fields, token, position, width);
    }
  });
  return { length: (total / 8) as 2 | 4, mask: mask >>> 0, match: match >>> 0, fields: [...fields.values()] };
}

function tokenWidth(token: string): number {
  if (/^[01]+$/.test(token)) return token.length;
  const bits = /\[(.*)\]$/.exec(token);
  if (bits) return bitRanges(bits[1]).reduce((sum, { width }) => sum + width, 0);
  const width = WIDTHS[token.replace('!=0', '')];
  if (width === undefined) throw new Error(`no field is called ${token}`);
  return width;
}

/** '10:5' and '11' of 'imm[11|10:5]', first to last. */
function bitRanges(text: string): { low: number; width: number }[] {
  return text.split('|').map((range) => {
    const [high, low = high] = range.split(':').map(Number) as [number, number?];
    return { low, width: high - low + 1 };
  });
}

function addField(fields: Map<string, Field>, token: string, position: number, width: number): void {
  const name = token.replace(/\[.*|!=0/g, '').replaceAll("'", '');
  const bits = /\[(.*)\]$/.exec(token);
  let from = position + width;
  const ranges = bits ? bitRanges(bits[1]) : [{ low: 0, width }];
  const pieces = ranges.map((range) => {
    from -= range.width;
    return { from, width: range.width, to: range.low };
  });
  const all = [...(fields.get(name)?.pieces ?? []), ...pieces];
  fields.set(name, {
    name,
    pieces: all,
    signed: name === 'imm' || name === 'nzimm',
    nonZero: name.startsWith('nz') || token.endsWith('!=0'),
    width: Math.max(...all.map((piece) => piece.to + piece.width)),
    bias: token.includes("'") ? 8 : 0,
  });
}

/** The value of a field in an instruction word. */
export function extract(field: Field, word: number): number {
  let value = 0;
  for (const { from, width, to } of field.pieces) value |= ((word >>> from) & (2 ** width - 1)) << to;
  if (field.signed) {
    const unused = 32 - field.width;
    return ((value << unused) >> unused) + field.bias;
  }
  return value + field.bias;
}

/** The word with a field set. Throws a RangeError for a value that the field cannot hold. */
export function insert(field: Field, word: number, value: number): number {
  let result = word;
  const raw = value - field.bias;
  for (const { from, width, to } of field.pieces) {
    const mask = 2 ** width - 1;
    result = (result & ~(mask << from)) | (((raw >> to) & mask) << from);
  }
  if (extract(field, result) !== value || (field.nonZero && raw === 0)) {
    throw new RangeError(`${field.name} cannot be ${value}`);
  }
  return result >>> 0;
}
