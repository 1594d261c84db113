/**
 * A WebAssembly module in the making: imports, functions, exports, and its encoding
 * (WebAssembly 3.0, "Binary Format").
 */
import { OPCODE, type BranchHint, type Code, type Missing } from './code.ts';
import { Encoder } from './encode.ts';
import { FunctionBuilder, type Params } from './function.ts';
import type { Callee, Signature } from './expr.ts';
import { VALUE_TYPE_CODE, type ValueType } from './opcodes.ts';

export class ModuleBuilder {
  readonly #imports: Callee[] = [];
  readonly #functions: FunctionBuilder[] = [];
  readonly #exports: { name: string; callee: Callee }[] = [];
  readonly #memoryPages: number;
  #hasTable = false;

  /** `memoryPages`: size of the imported shared memory (`env.memory`), in units of 64 KiB. */
  constructor(memoryPages: number) {
    this.#memoryPages = memoryPages;
  }

  /** A function that the host provides as `env.<name>`. */
  import(name: string, params: readonly ValueType[], results: readonly ValueType[]): Callee {
    const callee = { name, params, results };
    this.#imports.push(callee);
    return callee;
  }

  /** Imports the table of functions `env.table`, which indirect calls go through. */
  importTable(): void {
    this.#hasTable = true;
  }

  /** A new function; fill in its body through the builder. */
  function<P extends Params>(name: string, params: P, results: readonly ValueType[] = []): FunctionBuilder<P> {
    const builder = new FunctionBuilder(name, params, results);
    this.#functions.push(builder);
    return builder;
  }

  export(callee: Callee, name = callee.name): void {
    this.#exports.push({ name, callee });
  }

  /** The functions defined so far, for printing. */
  get functions(): readonly FunctionBuilder[] {
    return this.#functions;
  }

  /** The module's bytes. */
  encode(): Uint8Array<ArrayBuffer> {
    const types: Signature[] = [];
    const typeIndex = new Map<string, number>();
    const typeOf = (signature: Signature): number => {
      const key = `${signature.params.join()}>${signature.results.join()}`;
      let index = typeIndex.get(key);
      if (index === undefined) {
        index = types.length;
        types.push(signature);
        typeIndex.set(key, index);
      }
      return index;
    };
    const indexOf = new Map<Callee, number>();
    for (const callee of [...this.#imports, ...this.#functions]) indexOf.set(callee, indexOf.size);

    const importSection = section(2, (out) => {
      out.u32(this.#imports.length + (this.#hasTable ? 2 : 1));
      out.name('env');
      out.name('memory');
      out.bytes([0x02, 0x03]);
      out.u32(this.#memoryPages);
      out.u32(this.#memoryPages);
      if (this.#hasTable) {
        out.name('env');
        out.name('table');
        out.bytes([0x01, 0x70, 0x00, 0x00]);
      }
      for (const callee of this.#imports) {
        out.name('env');
        out.name(callee.name);
        out.byte(0x00);
        out.u32(typeOf(callee));
      }
    });
    const functionSection = section(3, (out) => {
      out.vector(this.#functions, (builder) => out.u32(typeOf(builder)));
    });
    const exportSection = section(7, (out) => {
      out.vector(this.#exports, ({ name, callee }) => {
        out.name(name);
        out.byte(0x00);
        out.u32(index(indexOf, callee));
      });
    });
    const numberOf = ({ of, isType }: Missing): number => (isType ? typeOf(of) : index(indexOf, of as Callee));
    const bodies = this.#functions.map((builder) => linkBody(builder, numberOf));
    const hinted = bodies.filter(({ hints }) => hints.length > 0);
    const hintSection = section(0, (out) => {
      out.name('metadata.code.branch_hint');
      out.vector(hinted, ({ builder, hints }) => {
        out.u32(index(indexOf, builder));
        out.vector(hints, (hint) => {
          out.u32(hint.offset);
          out.u32(1);
          out.byte(hint.likely ? 1 : 0);
        });
      });
    });
    const codeSection = section(10, (out) => {
      out.vector(bodies, ({ body }) => {
        out.u32(body.length);
        out.bytes(body.view);
      });
    });
    const typeSection = section(1, (out) => {
      out.vector(types, ({ params, results }) => {
        out.byte(0x60);
        out.vector(params, (type) => out.byte(VALUE_TYPE_CODE[type]));
        out.vector(results, (type) => out.byte(VALUE_TYPE_CODE[type]));
      });
    });
    const out = new Encoder();
    out.bytes([0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]);
    const sections = [typeSection, importSection, functionSection, exportSection];
    if (hinted.length > 0) sections.push(hintSection);
    for (const bytes of [...sections, codeSection]) out.bytes(bytes);
    return out.finish();
  }
}

interface Body {
  readonly builder: FunctionBuilder;
  readonly body: Encoder;
  /** Offsets are from the beginning of the body. */
  readonly hints: readonly BranchHint[];
}

/** A function's body: its locals in runs of one type, its code with the numbers that were missing, `end`. */
function linkBody(builder: FunctionBuilder, numberOf: (missing: Missing) => number): Body {
  const runs: { type: ValueType; count: number }[] = [];
  for (const type of builder.locals) {
    const last = runs[runs.length - 1];
    if (last?.type === type) last.count++;
    else runs.push({ type, count: 1 });
  }
  const { pieces } = builder;
  const body = new Encoder(pieces.reduce((sum, { length, missing }) => sum + length + missing.length * 2, 256));
  body.vector(runs, ({ type, count }) => {
    body.u32(count);
    body.byte(VALUE_TYPE_CODE[type]);
  });
  const hints: BranchHint[] = [];
  for (const code of pieces) appendCode(body, hints, code, numberOf);
  // The end of a function with results is never reached by falling through: every path returns.
  if (builder.results.length > 0) body.byte(OPCODE.UNREACHABLE);
  body.byte(OPCODE.END);
  return { builder, body, hints };
}

function appendCode(body: Encoder, hints: BranchHint[], code: Code, numberOf: (missing: Missing) => number): void {
  const bytes = code.view;
  let from = 0;
  let hinted = 0;
  const appendTo = (end: number): void => {
    for (; hinted < code.hints.length && code.hints[hinted].offset < end; hinted++) {
      const { offset, likely } = code.hints[hinted];
      hints.push({ offset: body.length + offset - from, likely });
    }
    body.bytes(bytes.subarray(from, end));
    from = end;
  };
  for (const missing of code.missing) {
    appendTo(missing.offset);
    body.u32(numberOf(missing));
  }
  appendTo(bytes.length);
}

function section(id: number, fill: (out: Encoder) => void): Uint8Array {
  const content = new Encoder();
  fill(content);
  const out = new Encoder();
  out.byte(id);
  out.u32(content.length);
  out.bytes(content.view);
  return out.finish();
}

function index(indexOf: ReadonlyMap<Callee, number>, callee: Callee): number {
  const found = indexOf.get(callee);
  if (found === undefined) throw new Error(`${callee.name} is not a function of this module`);
  return found;
}
