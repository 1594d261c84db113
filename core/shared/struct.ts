/**
 * Structures in shared memory, declared once.
 *
 * A layout literal names the fields and their widths. From it come the byte offsets that generated WebAssembly
 * uses, the TypeScript accessors, the golden layout test, and later the snapshot format and the debugger's view.
 * Fields stand in the order of the literal, each aligned to its own width, little-endian, as WebAssembly is.
 */

/** One 32-bit word that several threads use; every access is sequentially consistent. */
export interface AtomicWord {
  load(): number;
  store(value: number): void;
  /** Each returns the value from before. */
  or(bits: number): number;
  and(bits: number): number;
  add(delta: number): number;
  exchange(value: number): number;
  compareExchange(expected: number, replacement: number): number;
  /** Sleeps while the word is `expected`, at most `milliseconds`. Not for a page's main thread. */
  wait(expected: number, milliseconds?: number): 'ok' | 'not-equal' | 'timed-out';
  /** A promise for the same, or `undefined` where the engine has no `Atomics.waitAsync`. */
  waitAsync(expected: number, milliseconds?: number): Promise<unknown> | undefined;
  /** Wakes the sleepers on this word. Returns how many slept. */
  notify(): number;
}

interface ScalarType<Kind extends string> {
  readonly kind: Kind;
  readonly size: number;
  readonly align: number;
}
interface ArrayType<Element extends ElementType = ElementType> {
  readonly kind: 'array';
  readonly element: Element;
  readonly count: number;
  readonly size: number;
  readonly align: number;
}
type ElementType = typeof u8 | typeof u16 | typeof u32 | typeof u64 | Layout<Fields>;
type FieldType = ElementType | typeof atomic32 | ArrayType;
/** The fields of a structure, by name, in memory order. */
export type Fields = Readonly<Record<string, FieldType>>;

/** An unsigned byte. */
export const u8: ScalarType<'u8'> = { kind: 'u8', size: 1, align: 1 };
/** An unsigned 16-bit field. */
export const u16: ScalarType<'u16'> = { kind: 'u16', size: 2, align: 2 };
/** An unsigned 32-bit field. */
export const u32: ScalarType<'u32'> = { kind: 'u32', size: 4, align: 4 };
/** An unsigned 64-bit field; a `bigint` in TypeScript. */
export const u64: ScalarType<'u64'> = { kind: 'u64', size: 8, align: 8 };
/** A 32-bit word shared between threads; an {@link AtomicWord} in TypeScript. */
export const atomic32: ScalarType<'atomic32'> = { kind: 'atomic32', size: 4, align: 4 };

/** `count` elements in a row: a typed array in TypeScript, or an array of views when the element is a structure. */
export function array<Element extends ElementType>(element: Element, count: number): ArrayType<Element> {
  return { kind: 'array', element, count, size: element.size * count, align: element.align };
}

/** A declared structure: where its fields stand, and how to look at one in memory. */
export interface Layout<F extends Fields> {
  readonly kind: 'struct';
  readonly name: string;
  readonly fields: F;
  /** The byte offset of each field. */
  readonly at: { readonly [K in keyof F]: number };
  /** In bytes, a multiple of `align`. */
  readonly size: number;
  readonly align: number;
  /** Looks at the structure that begins `base` bytes into `buffer`. */
  view(buffer: SharedArrayBuffer | ArrayBuffer, base: number): View<F>;
}

type ElementView<T> = T extends Layout<infer F> ? View<F> : never;
type ArrayView<T> =
  T extends ScalarType<'u8'>
    ? Uint8Array
    : T extends ScalarType<'u16'>
      ? Uint16Array
      : T extends ScalarType<'u32'>
        ? Uint32Array
        : T extends ScalarType<'u64'>
          ? BigUint64Array
          : readonly ElementView<T>[];
type IsFixed<T> = T extends ScalarType<'u8' | 'u16' | 'u32' | 'u64'> ? false : true;
type FieldView<T> =
  T extends ArrayType<infer E>
    ? ArrayView<E>
    : T extends ScalarType<'u64'>
      ? bigint
      : T extends ScalarType<'atomic32'>
        ? AtomicWord
        : T extends ScalarType<'u8' | 'u16' | 'u32'>
          ? number
          : ElementView<T>;
/** A structure in memory, with its fields as properties. Plain fields can be assigned. */
export type View<F extends Fields> = {
  -readonly [K in keyof F as IsFixed<F[K]> extends false ? K : never]: FieldView<F[K]>;
} & { readonly [K in keyof F as IsFixed<F[K]> extends true ? K : never]: FieldView<F[K]> };

/** The view type of a layout: `type HartView = ViewOf<typeof HartState>`. */
export type ViewOf<L> = L extends Layout<infer F> ? View<F> : never;

/** Declares a structure. Throws when a name is taken twice by way of an array of zero elements or a bad count. */
export function struct<const F extends Fields>(name: string, fields: F): Layout<F> {
  const at: Record<string, number> = {};
  let offset = 0;
  let align = 1;
  for (const [field, type] of Object.entries(fields)) {
    if (!(type.size > 0)) throw new RangeError(`${name}.${field} has no size`);
    offset = alignUp(offset, type.align);
    at[field] = offset;
    offset += type.size;
    align = Math.max(align, type.align);
  }
  const layout: Layout<F> = {
    kind: 'struct',
    name,
    fields,
    at: at as Layout<F>['at'],
    size: alignUp(offset, align),
    align,
    view: (buffer, base) => makeView(layout, buffer, base),
  };
  return layout;
}

/** The next multiple of `align` (a power of two) at or above `value`. Good beyond 32 bits. */
export function alignUp(value: number, align: number): number {
  return Math.ceil(value / align) * align;
}

function makeView<F extends Fields>(layout: Layout<F>, buffer: SharedArrayBuffer | ArrayBuffer, base: number): View<F> {
  const view = {};
  for (const [field, type] of Object.entries(layout.fields)) {
    Object.defineProperty(view, field, accessor(type, buffer, base + layout.at[field]));
  }
  return view as View<F>;
}

function accessor(type: FieldType, buffer: SharedArrayBuffer | ArrayBuffer, offset: number): PropertyDescriptor {
  const common = { enumerable: true, configurable: false };
  switch (type.kind) {
    case 'u8':
    case 'u16':
    case 'u32':
    case 'u64': {
      const one = typedArray(type, buffer, offset, 1) as unknown as { 0: number | bigint };
      return { ...common, get: () => one[0], set: (value: number | bigint) => (one[0] = value) };
    }
    case 'atomic32':
      return { ...common, value: atomicWord(buffer, offset) };
    case 'struct':
      return { ...common, value: makeView(type, buffer, offset) };
    case 'array': {
      const { element, count } = type;
      if (element.kind !== 'struct') return { ...common, value: typedArray(element, buffer, offset, count) };
      const views = Array.from({ length: count }, (_, i) => makeView(element, buffer, offset + i * element.size));
      return { ...common, value: views };
    }
  }
}

function typedArray(
  type: ScalarType<'u8' | 'u16' | 'u32' | 'u64'>,
  buffer: SharedArrayBuffer | ArrayBuffer,
  offset: number,
  count: number,
): Uint8Array | Uint16Array | Uint32Array | BigUint64Array {
  switch (type.kind) {
    case 'u8':
      return new Uint8Array(buffer, offset, count);
    case 'u16':
      return new Uint16Array(buffer, offset, count);
    case 'u32':
      return new Uint32Array(buffer, offset, count);
    case 'u64':
      return new BigUint64Array(buffer, offset, count);
  }
}

/** The atomic word at `offset` (a multiple of 4) of `buffer`. Values are unsigned. */
export function atomicWord(buffer: SharedArrayBuffer | ArrayBuffer, offset: number): AtomicWord {
  const word = new Int32Array(buffer, offset, 1);
  return {
    load: () => Atomics.load(word, 0) >>> 0,
    store: (value) => void Atomics.store(word, 0, value),
    or: (bits) => Atomics.or(word, 0, bits) >>> 0,
    and: (bits) => Atomics.and(word, 0, bits) >>> 0,
    add: (delta) => Atomics.add(word, 0, delta) >>> 0,
    exchange: (value) => Atomics.exchange(word, 0, value) >>> 0,
    compareExchange: (expected, replacement) => Atomics.compareExchange(word, 0, expected, replacement) >>> 0,
    wait: (expected, milliseconds = Infinity) => Atomics.wait(word, 0, expected | 0, milliseconds),
    waitAsync: (expected, milliseconds = Infinity) => waitAsync(word, expected | 0, milliseconds),
    notify: () => Atomics.notify(word, 0),
  };
}

interface WaitAsync {
  waitAsync?: (array: Int32Array, index: number, value: number, timeout: number) => { value: Promise<string> | string };
}

/** Whether {@link AtomicWord.waitAsync} works here. */
export const hasWaitAsync = typeof (Atomics as WaitAsync).waitAsync === 'function';

function waitAsync(word: Int32Array, expected: number, milliseconds: number): Promise<unknown> | undefined {
  const wait = (Atomics as WaitAsync).waitAsync;
  return wait && Promise.resolve(wait(word, 0, expected, milliseconds).value);
}
