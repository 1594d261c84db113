/**
 * The interpreter: one generated function that runs decoded entries.
 *
 *   refetch   `target` is where to go on: attention is looked at, the decoded page is found
 *     next      the entry at `ip` is executed as `op`: `ip` is moved behind it, and `op` switched on; handlers fall
 *               through to the next entry
 *     taken     a branch has moved `ip`, perhaps out of the page
 *   trap      an exception was noted while executing the entry `cur`
 *
 * Registers stay in the hart's structure; `ip` and the page are locals. `count` is what is left of the budget. What is
 * not needed for every instruction is kept out of locals: `next` is one loop with few of them, so that the host's
 * compiler holds them in registers.
 */
import type { Instruction } from '../isa/instruction.ts';
import { instructions } from '../isa/table.ts';
import { Exit } from '../shared/hart-state.ts';
import { HEAT_COUNTERS, JUMP_RECORDS } from '../shared/memory-map.ts';
import { access, call, i32, select, type Callee, type Expr, type Local } from '../wasm/expr.ts';
import type { FunctionBuilder, Label } from '../wasm/function.ts';
import type { HartCode } from './code.ts';
import { FIRST_LINK, Op, PARCELS } from './decoded.ts';
import type { FloatRoutines } from './float/index.ts';
import { InstructionEmitter } from './instruction-emitter.ts';
import { RegionExit } from './links.ts';
import type { MemoryRoutines } from './memory.ts';
import { pairs } from './pairs.ts';
import type { PrivilegedRoutines } from './privileged.ts';
import type { TlbRoutines } from './tlb.ts';
import { Cause } from '../isa/mstatus.ts';

/** All functions that instructions call. */
export interface Routines extends PrivilegedRoutines, MemoryRoutines {
  readonly tlb: TlbRoutines;
  /** Runs compiled code: see links.ts. */
  readonly enter: Callee;
  /** Serves attention within WebAssembly: see attend.ts. */
  readonly attend: Callee;
  readonly float: FloatRoutines;
}

/** The interpreter's variables and ways out, for the emitter of one instruction. */
export interface Frame {
  readonly f: FunctionBuilder;
  readonly code: HartCode;
  readonly routines: Routines;
  /** Entry being executed, and where the next is. */
  readonly cur: Local;
  readonly ip: Local;
  /** First entry of the page, and its virtual address. */
  readonly page: Local;
  readonly pageAddress: Local;
  readonly target: Local;
  readonly count: Local;
  readonly refetch: Label;
  readonly taken: Label;
  readonly trap: Label;
  /** Stores `instret` and the budget as of before the current instruction (`retired` 0) or behind it (1). */
  readonly syncCount: (retired: 0 | 1) => void;
  /** Leaves the interpreter; `pc` must be stored. */
  readonly leave: (reason: number) => void;
  /** Executes the entry at `at` next, as what it says itself or, with 1, as the instruction of its own. */
  readonly goTo: (at: Expr, own?: 0 | 1) => void;
  /** Counts a jump to the entry at `ip`; where that is done often enough the host is told. */
  readonly countJump: () => void;
  /** The jump to `target`, in another page, is to be counted as so many when its entry is found. */
  readonly countLater: (by: Expr | number) => void;
  /** Notes that the jump at `cur` led to `ip`. */
  readonly recordJump: () => void;
}

/** What a jump out of compiled code counts for: it costs more than another. */
const LEFT_FOR = 2;
/** Exceptions in a row, with no instruction done between them, after which the hart is said to be wedged. */
const WEDGED_AFTER = 64;

/**
 * `run(budget)`: executes about so many instructions; why it returned is in `exitReason`. Made to be `exact`, it looks
 * at the budget behind each instruction, and a trap that is entered uses up what is left.
 */
export function defineRun(code: HartCode, routines: Routines, exact = false): Callee {
  const f = code.module.function('run', { budget: 'i32' });
  const builder = f as unknown as FunctionBuilder;
  const count = f.variable(f.args.budget);
  const target = f.variable(code.load64('pc'));
  const [cur, ip, page] = [f.local('i32'), f.local('i32'), f.local('i32')];
  /** Exceptions so far without an instruction between, and `count` at the last one. */
  const [stuck, countThen] = [f.variable(i32(0)), f.variable(i32(0))];
  const pageAddress = f.local('i64');
  const op = f.local('i32');
  const countLater = (by: Expr | number): void => code.store32(builder, 'heat', by);
  code.store32(builder, 'budget', f.args.budget);
  countLater(0);

  const syncCount = (retired: 0 | 1): void => {
    const left = f.let(retired === 1 ? count : count.add(1));
    const executed = code.load32('budget').sub(left).sext();
    code.store64(builder, 'instret', code.load64('instret').add(executed));
    code.store32(builder, 'budget', left);
  };
  const leave = (reason: number): void => {
    code.store32(builder, 'exitReason', reason);
    f.return();
  };
  const raise = (): void => {
    f.call(routines.raise);
    f.set(target, code.load64('pc'));
    countLater(1);
    if (exact) {
      f.scope(() => syncCount(1));
      return leave(Exit.BUDGET);
    }
    f.set(stuck, select(count.eq(countThen), stuck.add(1), 0));
    f.set(countThen, count);
    f.if(stuck.geU(WEDGED_AFTER), () => {
      f.scope(() => syncCount(1));
      leave(Exit.WEDGED);
    });
  };

  const countJump = (by: Expr | number = 1): void =>
    f.scope(() => {
      const counter = f.let(ip.shrU(3).and((HEAT_COUNTERS - 1) * 2));
      const heated = f.let(access('i32.load16_u', counter, code.map.heat).add(by));
      f.store('i32.store16', counter, code.map.heat, heated);
      f.ifUnlikely(heated.sub(code.load32('hotLimit')).ltU(by), () => f.call(code.host.hot, ip));
    });

  const recordJump = (): void =>
    f.scope(() => {
      const record = f.let(ip.xor(cur.shrU(3)).and((JUMP_RECORDS - 1) << 3));
      f.store('i32.store', record, code.map.jumps, cur);
      f.store('i32.store', record, code.map.jumps + 4, ip);
    });

  f.loop('refetch', (refetch) => {
    f.ifUnlikely(code.loadAtomic('attention').or(count.ltS(1)), () => {
      code.store64(builder, 'pc', target);
      f.scope(() => syncCount(1));
      f.if(call(routines.attend), () => f.set(target, code.load64('pc')));
      f.if(code.loadAtomic('attention').or(count.ltS(1)), () => leave(Exit.BUDGET));
    });
    f.set(page, call(routines.fetchPage, target));
    f.ifUnlikely(page.eqz(), () => {
      code.store64(builder, 'pc', target);
      raise();
      f.br(refetch);
    });
    f.set(pageAddress, target.and(-4096n));
    f.set(ip, page.add(target.wrap().and(4095).shl(3)));
    const heat = f.let(code.load32('heat'));
    f.ifUnlikely(heat, () => {
      if (!exact) countJump(heat);
      countLater(0);
    });

    f.block('trap', (trap) => {
      // Stepping passes compiled code by.
      f.set(op, access('i32.load8_u', ip, exact ? 1 : 0));
      f.loop('next', (next) => {
        const goTo = (at: Expr, own: 0 | 1 = exact ? 1 : 0): void => {
          f.set(op, access('i32.load8_u', at, own));
          f.set(ip, at);
          f.br(next);
        };
        f.block('taken', (taken) => {
          const frame: Frame = {
            ...{ f: builder, code, routines, cur, ip, page, pageAddress, target, count },
            ...{ refetch, taken, trap, syncCount, leave, goTo, countLater },
            countJump: exact ? () => undefined : countJump,
            recordJump: exact ? () => undefined : recordJump,
          };
          f.set(cur, ip);
          passEntry(frame);
          const handlers = [...markHandlers(frame), ...instructionHandlers(frame), ...pairHandlers(frame)];
          f.switch(op, handlers, () => f.unreachable());
          if (!exact) goTo(ip);
        });
        const within = f.let(ip.sub(page));
        const stays = within.ltU(PARCELS * 16).and(code.loadAtomic('attention').or(count.shrU(31)).eqz());
        if (!exact) f.if(stays, () => goTo(ip), undefined, 'likely');
        f.set(target, pageAddress.add(within.shrS(3).sext()));
        f.br(refetch);
      });
    });
    f.set(count, count.add(1));
    code.store64(builder, 'pc', entryAddress(cur, page, pageAddress));
    // An illegal instruction's trap value is the instruction.
    f.if(code.load32('exceptionCause').eq(Cause.ILLEGAL), () => {
      code.store64(builder, 'exceptionTval', call(code.host.rawInstruction, cur).zext());
    });
    raise();
    f.br(refetch);
  });
  return f;
}

/** Virtual address of the instruction at an entry. */
export function entryAddress(entry: Expr, page: Expr, pageAddress: Expr): Expr {
  return pageAddress.add(entry.sub(page).shrS(3).sext());
}

/** Entries that are no instruction; they do not count as one. */
function markHandlers(frame: Frame): (() => void)[] {
  const { f, code, cur, page, pageAddress, target, count, routines, goTo } = frame;
  const uncount = (): void => f.set(count, count.add(1));
  const handlers: (() => void)[] = [];
  handlers[Op.BLANK] = () => {
    uncount();
    f.call(code.host.decode, cur);
    goTo(cur);
  };
  handlers[Op.PAGE_END] = () => {
    uncount();
    f.set(target, pageAddress.add(4096));
    f.br(frame.refetch);
  };
  handlers[Op.STRADDLE] = () =>
    f.scope(() => {
      // Read first: the following page may take the place of this one.
      const low = f.let(call(code.host.rawInstruction, cur));
      const following = f.let(call(routines.fetchPage, pageAddress.add(4096)));
      f.brIf(frame.trap, following.eqz());
      uncount();
      f.call(code.host.straddle, low, following);
      f.set(page, following);
      f.set(pageAddress, pageAddress.add(4096));
      goTo(following.sub(16));
    });
  handlers[Op.ILLEGAL] = () => {
    code.except(f, Cause.ILLEGAL, 0);
    f.br(frame.trap);
  };
  handlers[Op.COMPILED] = () =>
    f.scope(() => {
      uncount();
      code.store64(f, 'pc', entryAddress(cur, page, pageAddress));
      code.store32(f, 'left', count);
      const link = access('i32.load', page.add(cur.sub(page).shrU(2)), FIRST_LINK);
      const exit = f.let(call(routines.enter, link));
      const left = f.let(code.load32('left'));
      code.count(f, 'statEntered');
      code.store64(f, 'statInterpreted', code.load64('statInterpreted').add(exit.and(1).zext()));
      code.store64(f, 'statCompiled', code.load64('statCompiled').add(count.sub(left).sext()));
      f.set(count, left);
      f.set(target, code.load64('pc'));
      // Where compiled code has to be left is worth compiling sooner.
      frame.countLater(LEFT_FOR);
      f.brIf(frame.refetch, exit.ne(RegionExit.INTERPRET).or(code.loadAtomic('attention')).or(count.ltS(1)));
      // The instruction at `pc` is not for compiled code, even where some begins with it.
      f.set(page, call(routines.fetchPage, target));
      f.brIf(frame.refetch, page.eqz());
      f.set(pageAddress, target.and(-4096n));
      frame.countLater(0);
      goTo(page.add(target.wrap().and(4095).shl(3)), 1);
    });
  return handlers;
}

function instructionHandlers(frame: Frame): (() => void)[] {
  return instructions.map((instruction) => () => execute(frame, instruction));
}

function pairHandlers(frame: Frame): (() => void)[] {
  const { f, cur, ip } = frame;
  return pairs.map(([first, second]) => () => {
    execute(frame, instructions[first]);
    f.set(cur, ip);
    passEntry(frame);
    execute(frame, instructions[second]);
  });
}

/** Moves `ip` behind the entry `cur`, and counts that. */
function passEntry({ f, cur, ip, count }: Frame): void {
  f.set(ip, cur.add(access('i32.load8_u', cur, 12)));
  f.set(count, count.sub(1));
}

/** Executes the entry `cur`. */
function execute(frame: Frame, instruction: Instruction): void {
  frame.f.scope(() => {
    const emitter = new InstructionEmitter(frame);
    instruction.execute(emitter);
    emitter.finish(instruction.kind);
  });
}
