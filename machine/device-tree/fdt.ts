/**
 * Flattened device trees: Devicetree Specification v0.4, chapter 5 "Flattened Devicetree (DTB) Format", version 17.
 *
 *   header            10 words, big-endian as all of it (5.2)
 *   memory reservations   pairs of 64 bits, ended by (0, 0) (5.3)
 *   structure         tokens of the tree, each aligned to 4 bytes (5.4)
 *   strings           the names of properties, each once (5.5)
 */

/** A property's value: text, a list of texts, a list of 32-bit cells, raw bytes, or `true` for one without a value. */
export type PropertyValue = string | readonly string[] | Cells | Uint8Array | true;
/** 32-bit cells; made by {@link cells}. */
export interface Cells {
  readonly cells: readonly number[];
}

/** A node: its properties, and its children by name (`serial@10000000`), both in order. */
export interface DeviceNode {
  readonly properties: Readonly<Record<string, PropertyValue>>;
  readonly children?: Readonly<Record<string, DeviceNode>>;
}

/** A part of memory that the guest must leave alone. */
export interface Reservation {
  readonly address: bigint;
  readonly size: bigint;
}

/** Cells of 32 bits each. */
export function cells(...values: readonly number[]): Cells {
  return { cells: values };
}

/** The two cells of a 64-bit number (exact to 2^53). */
export function wide(value: number): [high: number, low: number] {
  return [Math.floor(value / 2 ** 32), value >>> 0];
}

export const FDT_MAGIC = 0xd00dfeed;
export const FDT_HEADER_SIZE = 40;
export const Token = { BEGIN_NODE: 1, END_NODE: 2, PROP: 3, NOP: 4, END: 9 } as const;
const VERSION = 17;
const LAST_COMPATIBLE_VERSION = 16;

/** The blob of a tree. `bootHart` is the id of the hart that boots. */
export function writeDeviceTree(
  root: DeviceNode,
  options: { reservations?: readonly Reservation[]; bootHart?: number } = {},
): Uint8Array<ArrayBuffer> {
  const { reservations = [], bootHart = 0 } = options;
  const strings = new StringTable();
  const structure = new Writer();
  writeNode(structure, strings, '', root);
  structure.word(Token.END);

  const reservationsAt = FDT_HEADER_SIZE;
  const structureAt = reservationsAt + (reservations.length + 1) * 16;
  const stringsAt = structureAt + structure.length;
  const total = stringsAt + strings.bytes.length;

  const blob = new Writer();
  for (const word of [FDT_MAGIC, total, structureAt, stringsAt, reservationsAt, VERSION, LAST_COMPATIBLE_VERSION]) {
    blob.word(word);
  }
  for (const word of [bootHart, strings.bytes.length, structure.length]) blob.word(word);
  for (const { address, size } of [...reservations, { address: 0n, size: 0n }]) {
    for (const value of [address, size]) {
      blob.word(Number(value >> 32n));
      blob.word(Number(value & 0xffff_ffffn));
    }
  }
  blob.raw(structure.bytes());
  blob.raw(strings.bytes.bytes());
  return blob.bytes();
}

function writeNode(out: Writer, strings: StringTable, name: string, node: DeviceNode): void {
  out.word(Token.BEGIN_NODE);
  out.text(name);
  out.align();
  for (const [property, value] of Object.entries(node.properties)) {
    const bytes = encodeValue(value);
    out.word(Token.PROP);
    out.word(bytes.length);
    out.word(strings.offsetOf(property));
    out.raw(bytes);
    out.align();
  }
  for (const [child, childNode] of Object.entries(node.children ?? {})) writeNode(out, strings, child, childNode);
  out.word(Token.END_NODE);
}

/** Section 2.2.4, "Properties": the encoding of values. */
function encodeValue(value: PropertyValue): Uint8Array {
  if (value instanceof Uint8Array) return value;
  const out = new Writer();
  if (value === true) return out.bytes();
  if (typeof value === 'string') out.text(value);
  else if ('cells' in value) value.cells.forEach((cell) => out.word(cell));
  else value.forEach((text) => out.text(text));
  return out.bytes();
}

/** The strings block; each name stands in it once. */
class StringTable {
  readonly bytes = new Writer();
  readonly #offsets = new Map<string, number>();

  offsetOf(name: string): number {
    const known = this.#offsets.get(name);
    if (known !== undefined) return known;
    const offset = this.bytes.length;
    this.#offsets.set(name, offset);
    this.bytes.text(name);
    return offset;
  }
}

/** Bytes that grow at their end. */
class Writer {
  #bytes = new Uint8Array(256);
  length = 0;

  bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.length);
  }
  word(value: number): void {
    this.raw(Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value));
  }
  /** Null-terminated UTF-8. */
  text(value: string): void {
    this.raw(encoder.encode(value));
    this.raw(Uint8Array.of(0));
  }
  align(): void {
    this.raw(new Uint8Array(-this.length & 3));
  }
  raw(source: Uint8Array): void {
    const end = this.length + source.length;
    if (end > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(end, this.#bytes.length * 2));
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#bytes.set(source, this.length);
    this.length = end;
  }
}

const encoder = new TextEncoder();
