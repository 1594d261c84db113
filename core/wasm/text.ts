/** Prints generated code in WebAssembly's folded text format, for golden files and people: it reads what was encoded. */
import { CONST, OPCODE, type Code, type Missing } from './code.ts';
import type { Callee, Signature } from './expr.ts';
import { RAW, type FunctionBuilder } from './function.ts';
import { allInstructions } from './opcodes.ts';

/** One function as text, two spaces of indentation a level. */
export function functionText(builder: FunctionBuilder): string {
  const params = builder.params.map((type) => ` (param ${type})`).join('');
  const results = builder.results.map((type) => ` (result ${type})`).join('');
  const locals = builder.locals.length > 0 ? [`  (local ${builder.locals.join(' ')})`] : [];
  const body = builder.pieces.flatMap((code) => new Printer(code, builder.results.length).print());
  return [`(func $${builder.name}${params}${results}`, ...locals, ...body].join('\n') + ')\n';
}

class Printer {
  readonly #code: Code;
  readonly #results: number;
  readonly #bytes: DataView;
  readonly #hints: ReadonlyMap<number, string>;
  readonly #lines: string[] = [];
  /** Operands of what comes. */
  #stack: string[] = [];
  /** What ends the blocks that are open, and their names. */
  readonly #open: { readonly end: string; readonly name: string }[] = [];
  #at = 0;
  #names = 0;
  #missing = 0;

  /** `results`: how many the function has. */
  constructor(code: Code, results: number) {
    this.#code = code;
    this.#results = results;
    const { buffer, byteLength } = code.view;
    this.#bytes = new DataView(buffer, 0, byteLength);
    this.#hints = new Map(code.hints.map(({ offset, likely }) => [offset, ` (;${likely ? 'likely' : 'unlikely'};)`]));
  }

  print(): readonly string[] {
    while (this.#at < this.#bytes.byteLength) this.#instruction();
    return this.#lines;
  }

  #line(text: string): void {
    this.#lines.push('  '.repeat(this.#open.length + 1) + text);
  }
  #pop(count: number): string[] {
    return count === 0 ? [] : this.#stack.splice(-count);
  }
  #put(hasResult: boolean, ...words: readonly string[]): void {
    const text = `(${words.join(' ')})`;
    if (hasResult) this.#stack.push(text);
    else this.#line(text);
  }

  #instruction(): void {
    const hint = this.#hints.get(this.#at) ?? '';
    const opcode = this.#bytes.getUint8(this.#at++);
    switch (opcode) {
      case OPCODE.BLOCK:
      case OPCODE.LOOP: {
        const name = this.#code.names[this.#names++];
        return this.#begin(`(${opcode === OPCODE.BLOCK ? 'block' : 'loop'} $${name}`, name, ')');
      }
      case OPCODE.IF:
        return this.#begin(`(if${hint} ${this.#pop(1).join('')} (then`, 'if', '))');
      case OPCODE.ELSE:
        this.#open.pop();
        this.#line(')');
        this.#line('(else');
        this.#open.push({ name: 'if', end: '))' });
        return;
      case OPCODE.END:
        return this.#line(this.#open.pop()?.end ?? '');
      case OPCODE.BR:
        return this.#put(false, 'br', this.#label());
      case OPCODE.BR_IF:
        return this.#put(false, `br_if${hint}`, this.#label(), ...this.#pop(1));
      case OPCODE.BR_TABLE: {
        const labels = Array.from({ length: this.#leb() + 1 }, () => this.#label());
        return this.#put(false, 'br_table', ...labels, ...this.#pop(1));
      }
      case OPCODE.RETURN:
        return this.#put(false, 'return', ...this.#pop(Math.min(this.#results, this.#stack.length)));
      case OPCODE.UNREACHABLE:
        return this.#put(false, 'unreachable');
      case OPCODE.CALL: {
        const { name, params, results } = this.#number() as Callee;
        return this.#put(results.length > 0, 'call', `$${name}`, ...this.#pop(params.length));
      }
      case OPCODE.CALL_INDIRECT: {
        const { params, results } = this.#number();
        this.#at++;
        const types = [...params.map((type) => `(param ${type})`), ...results.map((type) => `(result ${type})`)];
        return this.#put(results.length > 0, 'call_indirect', ...types, ...this.#pop(params.length + 1));
      }
      case OPCODE.DROP:
        return this.#put(false, 'drop', ...this.#pop(1));
      case OPCODE.SELECT:
        return this.#put(true, 'select', ...this.#pop(3));
      case OPCODE.LOCAL_GET:
        return this.#put(true, `local.get ${this.#leb()}`);
      case OPCODE.LOCAL_SET:
        return this.#put(false, `local.set ${this.#leb()}`, ...this.#pop(1));
      case CONST.i32:
      case CONST.i64:
        return this.#put(true, `${opcode === CONST.i32 ? 'i32' : 'i64'}.const ${this.#signed()}`);
      case CONST.f32:
        this.#at += 4;
        return this.#put(true, `f32.const ${this.#bytes.getFloat32(this.#at - 4, true)}`);
      case CONST.f64:
        this.#at += 8;
        return this.#put(true, `f64.const ${this.#bytes.getFloat64(this.#at - 8, true)}`);
      default:
        this.#at--;
        return this.#plain();
    }
  }

  #begin(head: string, name: string, end: string): void {
    this.#line(head);
    this.#at++;
    this.#open.push({ name, end });
  }

  /** An instruction of the tables. */
  #plain(): void {
    const found = [...allInstructions(), ...STATEMENTS].find(({ code }) =>
      code.every((byte, i) => this.#at + i < this.#bytes.byteLength && byte === this.#bytes.getUint8(this.#at + i)),
    );
    if (!found) throw new Error(`no instruction is encoded as ${this.#bytes.getUint8(this.#at)}`);
    this.#at += found.code.length;
    if ('count' in found) return this.#put(false, found.name, ...this.#pop(found.count));
    if (!('align' in found)) return this.#put(true, found.name, ...this.#pop(found.operands.length));
    this.#at++;
    const offset = this.#leb();
    const words = offset === 0 ? [] : [`offset=${offset}`];
    this.#put(found.hasResult, found.name, ...words, ...this.#pop(found.operands + 1));
  }

  #label(): string {
    return `$${this.#open[this.#open.length - 1 - this.#leb()].name}`;
  }
  #number(): Signature {
    const missing: Missing = this.#code.missing[this.#missing++];
    return missing.of;
  }

  #leb(): number {
    return Number(BigInt.asUintN(32, this.#signed(false)));
  }
  #signed(isSigned = true): bigint {
    let value = 0n;
    for (let shift = 0; ; shift += 7) {
      const byte = this.#bytes.getUint8(this.#at++);
      value |= BigInt(byte & 0x7f) << BigInt(shift);
      if (byte < 0x80) return isSigned ? BigInt.asIntN(shift + 7, value) : value;
    }
  }
}

/** `count`: of operands. */
const STATEMENTS = [
  { name: 'atomic.fence', code: RAW['atomic.fence'], count: 0 },
  { name: 'memory.fill', code: RAW['memory.fill'], count: 3 },
] as const;
