/**
 * The function of one block while it is built: what its instructions share, and its ways out.
 *
 *   entry      registers that are read are loaded
 *   leave      ...the instructions; an instruction that cannot be done here branches out, with `at` saying which
 *   end        the block's own exits: registers stored, `instret` advanced, `pc` stored
 *   way out    the shared one: the same with `pc` at the instruction that is left to the interpreter
 *
 * The code does not know its virtual address: `pc`, current in the hart's state when the block is entered, says it.
 */
import type { HartFields } from '../hart/fields.ts';
import { i64, type Expr, type Local } from '../wasm/expr.ts';
import type { FunctionBuilder, Label } from '../wasm/function.ts';
import type { Passes } from './passes.ts';
import { FloatMode } from './read-block.ts';
import { RegisterFile } from './register-file.ts';
import type { RoutineImports } from './routines.ts';

/** What a block's function returns. */
export const BlockExit = {
  /** The block ended; `pc` says where to go on. */
  NEXT: 0,
  /** The instruction at `pc` was not executed: the interpreter must do it. */
  REINTERPRET: 1,
} as const;

/** `at` holds the offset of an instruction in its page, and above, how many were retired before it. */
const OFFSET_BITS = 12;

export class BlockFrame {
  readonly f: FunctionBuilder;
  readonly fields: HartFields;
  readonly routines: RoutineImports;
  readonly passes: Passes;
  readonly registers: RegisterFile;
  /** Whether mstatus.FS is known to be Dirty. */
  floatIsDirty: boolean;
  readonly #wayOut: Label;
  #at: Local | undefined;
  #page: Local | undefined;
  #context: Local | undefined;

  constructor(
    f: FunctionBuilder,
    fields: HartFields,
    routines: RoutineImports,
    passes: Passes,
    mode: FloatMode,
    wayOut: Label,
  ) {
    this.f = f;
    this.fields = fields;
    this.routines = routines;
    this.passes = passes;
    this.registers = new RegisterFile(f, fields, (value) => passes.constants && this.isKnown(value));
    this.floatIsDirty = mode === FloatMode.DIRTY;
    this.#wayOut = wayOut;
  }

  /** The virtual address `offset` bytes from the beginning of the page. */
  address(offset: number): Expr {
    this.#page ??= this.f.lastingLocal('i64');
    return this.#page.add(offset);
  }

  /** The data context of the TLBs, as an `i64`. */
  context(): Expr {
    const loaded = this.fields.load32('dataContext').zext();
    if (!this.passes.context) return loaded;
    this.#context ??= this.f.lastingLocal('i64');
    return this.#context;
  }

  /** Whether an expression is a constant or an address relative to the page. */
  isKnown(value: Expr): boolean {
    const { node } = value;
    if (node.kind === 'const' || value === this.#page) return true;
    return node.kind === 'op' && node.op.name === 'i64.add' && node.args[0] === this.#page && isConstant(node.args[1]);
  }

  /** Leaves for the interpreter to execute the instruction at `offset`, before which `retired` were executed. */
  leave(offset: number, retired: number): void {
    this.registers.prepareLeave();
    this.#at ??= this.f.lastingLocal('i32');
    this.f.set(this.#at, offset | (retired << OFFSET_BITS));
    this.f.br(this.#wayOut);
  }

  /** Ends the block with `retired` instructions executed; `goOn` calls {@link goTo} on every path. */
  end(retired: number, goOn: () => void): void {
    this.registers.spill();
    this.#retire(i64(retired));
    goOn();
  }

  /** The last of a block: where execution goes on. */
  goTo(target: Expr): void {
    this.fields.store64(this.f, 'pc', target);
    this.f.return(BlockExit.NEXT);
  }

  /** Completes the function when all instructions and ends are in it. */
  finish(): void {
    const { f, fields } = this;
    if (this.#at) {
      this.registers.spillShared();
      this.#retire(this.#at.shrU(OFFSET_BITS).zext());
      fields.store64(f, 'pc', this.address(0).add(this.#at.and((1 << OFFSET_BITS) - 1).zext()));
      f.return(BlockExit.REINTERPRET);
    }
    f.prologue(() => {
      this.registers.load();
      if (this.#page) f.set(this.#page, fields.load64('pc').and(-4096));
      if (this.#context) f.set(this.#context, fields.load32('dataContext').zext());
    });
  }

  #retire(count: Expr): void {
    this.fields.store64(this.f, 'instret', this.fields.load64('instret').add(count));
  }
}

const isConstant = (value: Expr): boolean => value.node.kind === 'const';
