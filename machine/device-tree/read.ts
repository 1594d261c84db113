/** Reads flattened device trees back (see fdt.ts). The bytes may come from anywhere: what is not a tree is refused. */
import { FDT_HEADER_SIZE, FDT_MAGIC, Token, type Reservation } from './fdt.ts';

/** The file is not a device tree, or a damaged one. */
export class DeviceTreeError extends Error {
  override readonly name = 'DeviceTreeError';
}

/** A node as read: the blob does not say what a property's bytes mean, so that its reader must. */
export interface ReadNode {
  readonly properties: ReadonlyMap<string, Uint8Array>;
  readonly children: ReadonlyMap<string, ReadNode>;
}

export interface ReadTree {
  readonly root: ReadNode;
  readonly reservations: readonly Reservation[];
  readonly bootHart: number;
}

const MAX_DEPTH = 64;

/** Reads a blob of version 16 or 17. Throws {@link DeviceTreeError}. */
export function readDeviceTree(blob: Uint8Array): ReadTree {
  const view = new DataView(blob.buffer, blob.byteOffset, blob.byteLength);
  if (blob.length < FDT_HEADER_SIZE || view.getUint32(0) !== FDT_MAGIC) {
    throw new DeviceTreeError('this is not a device tree: it does not begin with d00dfeed');
  }
  const header = (index: number): number => view.getUint32(index * 4);
  const [total, structureAt, stringsAt, reservationsAt] = [header(1), header(2), header(3), header(4)];
  if (total > blob.length) throw new DeviceTreeError(`the device tree is cut off: ${total} bytes, ${blob.length} here`);
  if (header(5) < 17 || header(6) > 17) {
    throw new DeviceTreeError(`device trees of version ${header(5)} are not supported, only of 17`);
  }
  const strings = part(blob, 'strings', stringsAt, header(8), total);
  const structure = part(blob, 'structure', structureAt, header(9), total);
  return {
    root: new StructureReader(structure, strings).root(),
    reservations: readReservations(view, reservationsAt, total),
    bootHart: header(7),
  };
}

/** The node at a path (`/soc/serial@10000000`), or undefined. */
export function findNode(root: ReadNode, path: string): ReadNode | undefined {
  let node: ReadNode | undefined = root;
  for (const name of path.split('/')) {
    if (name !== '') node = node?.children.get(name);
  }
  return node;
}

/** A property as 32-bit cells; empty when it is missing or has no whole number of them. */
export function readCells(node: ReadNode | undefined, property: string): number[] {
  const bytes = node?.properties.get(property);
  if (bytes === undefined || bytes.length % 4 !== 0) return [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length / 4 }, (_, i) => view.getUint32(i * 4));
}

/** A property as a list of texts; empty when it is missing or does not end as a text does. */
export function readTexts(node: ReadNode | undefined, property: string): string[] {
  const bytes = node?.properties.get(property);
  if (bytes === undefined || bytes.at(-1) !== 0) return [];
  return new TextDecoder().decode(bytes.subarray(0, -1)).split('\0');
}

function part(blob: Uint8Array, name: string, at: number, size: number, total: number): Uint8Array {
  if (at + size > total) throw new DeviceTreeError(`the ${name} of the device tree is outside of it`);
  return blob.subarray(at, at + size);
}

function readReservations(view: DataView, start: number, total: number): Reservation[] {
  const reservations: Reservation[] = [];
  for (let at = start; at + 16 <= total; at += 16) {
    const entry = { address: view.getBigUint64(at), size: view.getBigUint64(at + 8) };
    if (entry.address === 0n && entry.size === 0n) return reservations;
    reservations.push(entry);
  }
  throw new DeviceTreeError('the memory reservations of the device tree have no end');
}

/** Section 5.4, "Structure Block". */
class StructureReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #strings: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array, strings: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#strings = strings;
  }

  root(): ReadNode {
    if (this.#token() !== Token.BEGIN_NODE || this.#name() !== '') throw this.#damaged('has no root');
    const node = this.#node(0);
    if (this.#token() !== Token.END) throw this.#damaged('goes on after its root');
    return node;
  }

  #node(depth: number): ReadNode {
    if (depth > MAX_DEPTH) throw this.#damaged(`is deeper than ${MAX_DEPTH} nodes`);
    const properties = new Map<string, Uint8Array>();
    const children = new Map<string, ReadNode>();
    for (;;) {
      const token = this.#token();
      if (token === Token.END_NODE) return { properties, children };
      if (token === Token.PROP) {
        const [name, value] = this.#property();
        properties.set(name, value);
      } else if (token === Token.BEGIN_NODE) {
        children.set(this.#name(), this.#node(depth + 1));
      } else {
        throw this.#damaged(`has token ${token} in a node`);
      }
    }
  }

  #property(): [string, Uint8Array] {
    const length = this.#word();
    const nameAt = this.#word();
    const end = this.#strings.indexOf(0, nameAt);
    if (nameAt >= this.#strings.length || end < 0) throw this.#damaged('has a property without a name');
    return [decoder.decode(this.#strings.slice(nameAt, end)), this.#take(length)];
  }

  #name(): string {
    const end = this.#bytes.indexOf(0, this.#at);
    if (end < 0) throw this.#damaged('ends in a name');
    return decoder.decode(this.#take(end + 1 - this.#at).slice(0, -1));
  }

  /** The next token that says something. */
  #token(): number {
    let token: number;
    do token = this.#word();
    while (token === Token.NOP);
    return token;
  }

  #word(): number {
    const at = this.#at;
    this.#take(4);
    return this.#view.getUint32(at);
  }

  /** The next `length` bytes, and past the padding behind them. */
  #take(length: number): Uint8Array {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw this.#damaged('is cut off');
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = Math.ceil(end / 4) * 4;
    return taken;
  }

  #damaged(what: string): DeviceTreeError {
    return new DeviceTreeError(`the structure of the device tree ${what} (at byte ${this.#at})`);
  }
}

const decoder = new TextDecoder();
