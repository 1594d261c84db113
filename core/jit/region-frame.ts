/**
 * The function of one region while it is built: what its instructions share, and its ways out.
 *
 *   entry      attention is looked at; registers that the entry needs are loaded
 *   nodes      the blocks, in structured code; at each loop's beginning attention is looked at
 *   leave      an instruction that cannot be done here, or the end of a block that leads elsewhere: `at` says where
 *              the guest goes on and how many instructions of the block were retired, and a stub stores the registers
 *              that may be dirty. Those who store the same share a stub
 *   call       a guest's call: all that is dirty is stored, what the guest calls runs (links.ts), and where it comes
 *              back to `end` the live registers are loaded again
 *
 * The code does not know its virtual address: `pc`, current in the hart's state when it is entered, says it.
 */
import type { HartFields } from '../hart/fields.ts';
import { RegionExit } from '../hart/links.ts';
import { answers, entryOffset, hitAddend, lookupTag, type DataTlb } from '../hart/tlb.ts';
import { MSTATUS } from '../isa/mstatus.ts';
import { call, i32, select, type Expr, type Local } from '../wasm/expr.ts';
import type { FunctionBuilder, Label } from '../wasm/function.ts';
import { FloatGuard } from './inline-float.ts';
import type { AccessGroup } from './access-groups.ts';
import type { BlockLiveness } from './liveness.ts';
import type { Passes } from './passes.ts';
import { countRetired, type RegionBlock, type RegionInstruction } from './region.ts';
import { RegisterFile } from './register-file.ts';
import type { PageSlot, RememberedPages } from './remembered-pages.ts';
import type { RegisterSet } from './registers.ts';
import type { RegionRoutines } from './routines.ts';

/** `at`: RegionExit (2 bits), then how many instructions were retired (7 bits), then the signed offset from the page. */
const RETIRED_SHIFT = 2;
const OFFSET_SHIFT = 9;

/** Guest calls nested in each other, at most: each takes a part of the host's stack. */
const MAX_DEPTH = 200;

export interface FunctionArguments {
  readonly entry: Local;
  readonly depth: Local;
  readonly base: Local;
}

export class RegionFrame {
  readonly f: FunctionBuilder;
  readonly fields: HartFields;
  readonly routines: RegionRoutines;
  readonly passes: Passes;
  readonly registers: RegisterFile;
  readonly args: FunctionArguments;
  readonly guard: FloatGuard;
  /** What is left of the budget. */
  readonly left: Local;
  readonly #stubs = new Map<RegisterSet, Label>();
  readonly #used = new Set<RegisterSet>();
  readonly #groups: Local[] = [];
  #remembered: RememberedPages = new Map();
  #at: Local | undefined;
  #taken: Local | undefined;
  #page: Local | undefined;
  readonly #context: Local | undefined;

  constructor(
    f: FunctionBuilder,
    args: FunctionArguments,
    fields: HartFields,
    routines: RegionRoutines,
    passes: Passes,
    hasFloat: boolean,
  ) {
    this.f = f;
    this.args = args;
    this.fields = fields;
    this.routines = routines;
    this.guard = new FloatGuard(f, fields, hasFloat);
    this.passes = passes;
    this.left = f.lastingLocal('i32');
    this.#context = passes.context ? f.lastingLocal('i64') : undefined;
    this.registers = new RegisterFile(f, fields, (value) => passes.constants && this.isKnown(value));
  }

  /** The virtual address `offset` bytes from the beginning of the page. */
  address(offset: number): Expr {
    this.#page ??= this.f.lastingLocal('i64');
    return this.#page.add(offset);
  }

  /** The data context of the TLBs, as an `i64`. */
  context(): Expr {
    return this.#context ?? this.fields.load32('dataContext').zext();
  }

  /** A local for the place of the `index`th group of accesses of a block. */
  groupLocal(index: number): Local {
    return (this.#groups[index] ??= this.f.lastingLocal('i32'));
  }

  /** Which pages accesses of the region remember. None is known at first. */
  remember(remembered: RememberedPages): void {
    this.#remembered = remembered;
  }
  /** Where a group of accesses remembers its page, if it does. */
  slotOf(group: AccessGroup): PageSlot | undefined {
    return this.#remembered.get(group);
  }
  #forgetPages(): void {
    for (const { index } of new Set(this.#remembered.values())) this.fields.store64(this.f, 'knownRoom', 0, index);
  }

  /**
   * What is added to the low half of an address to get its place in memory, if the `length` bytes that begin there are in
   * one page of RAM and may be accessed; `otherwise` leads away.
   */
  look(tlb: DataTlb, first: Expr, length: number, otherwise: () => void): Local {
    const { f, fields, routines } = this;
    const entry = f.let(entryOffset(first));
    const addend = f.local('i32');
    // The last byte's page is compared, with the entry of the first's: so bytes that cross a page miss.
    f.if(
      answers(fields, tlb, entry, lookupTag(first.add(length - 1), 1, this.context())),
      () => f.set(addend, hitAddend(fields, tlb, entry)),
      () => {
        const place = f.let(call(tlb === 'loadTlb' ? routines.loadPlace : routines.storePlace, first, length));
        f.ifUnlikely(place.eqz(), otherwise);
        f.set(addend, place.sub(first.wrap()));
      },
      'likely',
    );
    return addend;
  }

  /** Whether an expression is a constant or an address relative to the page. */
  isKnown(value: Expr): boolean {
    const { node } = value;
    if (node.kind === 'const' || value === this.#page) return true;
    return node.kind === 'op' && node.op.name === 'i64.add' && node.args[0] === this.#page && isConstant(node.args[1]);
  }

  /** Whether mstatus.FS is not Dirty. */
  lacksDirty(): Expr {
    return this.fields.load32('mstatus').and(Number(MSTATUS.FS)).ne(Number(MSTATUS.FS));
  }
  /** At the beginning: has the interpreter begin if mstatus.FS is not Dirty, at all entries or where the condition holds. */
  requireDirty(atEntry?: Expr): void {
    const { f } = this;
    const leave = (): void => f.return(RegionExit.INTERPRET);
    f.ifUnlikely(this.lacksDirty(), () => (atEntry ? f.if(atEntry, leave) : leave()));
  }

  // --- ways out --------------------------------------------------------------------------------------------------------

  /** Leaves for the interpreter to execute the instruction at `offset`, before which `retired` of the block were. */
  leave(set: RegisterSet, offset: number, retired: number): void {
    this.#out(set, offset, retired, RegionExit.INTERPRET);
  }

  /** Leaves for the instruction at `offset`, before which `retired` of the block were executed, since there is attention. */
  resume(set: RegisterSet, offset: number, retired: number): void {
    this.#out(set, offset, retired, RegionExit.RESUME);
  }

  /** Leaves for `offset`, with all of the block retired by {@link retire}. */
  exit(set: RegisterSet, offset: number): void {
    this.#out(set, offset, 0, RegionExit.NEXT);
  }

  /** The same for an address in a register. */
  exitTo(set: RegisterSet, target: Expr): void {
    this.registers.spill(set);
    this.#store(target);
    this.f.return(RegionExit.NEXT);
  }

  #out(set: RegisterSet, offset: number, retired: number, exit: number): void {
    this.registers.materialize(set);
    this.#at ??= this.f.lastingLocal('i32');
    this.f.set(this.#at, (offset << OFFSET_SHIFT) | (retired << RETIRED_SHIFT) | exit);
    const stub = this.#stubs.get(set);
    if (!stub) throw new Error('no stub stores these registers');
    this.#used.add(set);
    this.f.br(stub);
  }

  #store(pc: Expr): void {
    this.fields.store64(this.f, 'pc', pc);
    this.fields.store32(this.f, 'left', this.left);
  }

  /** Runs `body`, which may leave with any of `sets`, and emits the stubs. */
  withStubs(sets: readonly RegisterSet[], body: () => void): void {
    const [set, ...others] = sets;
    if (set === undefined) return body();
    const { f } = this;
    f.block(`leave${sets.length}`, (label) => {
      this.#stubs.set(set, label);
      this.withStubs(others, body);
    });
    if (!this.#at || !this.#used.has(set)) return;
    this.registers.spillLocals(set);
    f.set(this.left, this.left.sub(this.#at.shrU(RETIRED_SHIFT).and(0x7f)));
    this.#store(this.address(0).add(this.#at.shrS(OFFSET_SHIFT).sext()));
    f.return(this.#at.and(3));
  }

  // --- blocks ----------------------------------------------------------------------------------------------------------

  /** Counts instructions as executed, those of a side of a branch only where they were. */
  retire(instructions: readonly RegionInstruction[]): void {
    const [always, taken, not] = countRetired(instructions);
    const { f } = this;
    if (taken === not) {
      if (instructions.length > 0) f.set(this.left, this.left.sub(always + taken));
    } else f.set(this.left, this.left.sub(select(this.taken, i32(always + taken), always + not)));
  }

  /** Keeps the condition of a branch whose sides are selected by it. */
  select(condition: Expr): void {
    this.#taken ??= this.f.lastingLocal('i32');
    this.f.set(this.#taken, condition);
  }
  /** Whether the branch was taken that was met last of those whose sides are selected. */
  get taken(): Expr {
    if (!this.#taken) throw new Error('no branch came before');
    return this.#taken;
  }

  #mustStop(): Expr {
    return this.fields.loadAtomic('attention').or(this.left.shrU(31));
  }

  /** Looks at attention before a block. */
  poll({ dirty }: BlockLiveness, { offset }: RegionBlock): void {
    this.f.ifUnlikely(this.#mustStop(), () => this.resume(dirty, offset, 0));
  }

  /** Calls the guest's function at `target`; goes on behind with `live` loaded, once it has returned to `end`. */
  call(set: RegisterSet, target: Expr, end: number, live: RegisterSet): void {
    const { f, args, fields } = this;
    this.registers.spill(set);
    this.#store(target);
    f.ifUnlikely(args.depth.geU(MAX_DEPTH), () => f.return(RegionExit.NEXT));
    const nested = f.let(call(this.routines.nest, this.address(end), args.depth.add(1), args.base));
    f.ifUnlikely(nested, () => f.return(nested));
    f.set(this.left, fields.load32('left'));
    this.registers.beginBlock();
    this.registers.load(live);
    this.reload();
  }

  /** Loads what is held of the hart's state besides registers, when it may have changed. */
  reload(): void {
    this.#forgetPages();
    this.#loadContext();
    this.guard.load();
  }

  #loadContext(): void {
    if (this.#context) this.f.set(this.#context, this.fields.load32('dataContext').zext());
  }

  /** Leaves for `offset` when a change of registers has called for attention. */
  attend(set: RegisterSet, offset: number, retired: number): void {
    this.f.ifUnlikely(this.fields.loadAtomic('attention'), () => this.resume(set, offset, retired));
  }

  /** Completes the function when all nodes are in it. */
  finish(): void {
    const { f, fields } = this;
    f.prologue(() => {
      f.set(this.left, fields.load32('left'));
      f.ifUnlikely(this.#mustStop(), () => f.return(RegionExit.RESUME));
      if (this.guard.isUsed) this.guard.load();
      if (this.#page) f.set(this.#page, fields.load64('pc').and(-4096));
      this.#loadContext();
      this.#forgetPages();
    });
  }
}

const isConstant = (value: Expr): boolean => value.node.kind === 'const';
