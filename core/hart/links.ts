/**
 * How generated code comes to compiled code: by the link of the guest's `pc` (see decoded.ts), through the hart's table
 * of functions.
 *
 * A compiled region is a function of (entry, depth, base): which of its entries is taken, how many guest calls it is
 * nested in, and where the hart's state is. It is entered with all of the guest in that state, `pc` at the entry, and
 * returns one of {@link RegionExit} with all of the guest in the state again. So whoever called it may go on wherever
 * `pc` is, or leave that to its own caller.
 */
import { access, callIndirect, type Callee, type Expr, type Signature } from '../wasm/expr.ts';
import type { FunctionBuilder } from '../wasm/function.ts';
import type { HartCode } from './code.ts';
import { FIRST_LINK, LINK_ENTRY_SHIFT, LINK_FUNCTIONS } from './decoded.ts';
import type { HartFields } from './fields.ts';
import { entryOffset, lookupTag } from './tlb.ts';

/** What compiled code returns. */
export const RegionExit = {
  /** `pc` says where to go on. No instruction was executed that changes the privilege, translations or code. */
  NEXT: 0,
  /** The instruction at `pc` is the interpreter's. */
  INTERPRET: 1,
  /** The interpreter goes on at `pc`: there is attention, or nothing is compiled there. */
  RESUME: 2,
} as const;

export const REGION: Signature = { params: ['i32', 'i32', 'i32'], results: ['i32'] };

/** The link of the code at `pc`. `orElse` leaves where there is none, or where the TLB does not know the page. */
function findLink(f: FunctionBuilder, fields: HartFields, orElse: () => void): Expr {
  const pc = f.let(fields.load64('pc'));
  const entry = f.let(entryOffset(pc));
  const tag = access('i64.load', fields.pointer(entry), fields.parts.fetchTlb);
  f.ifUnlikely(tag.ne(lookupTag(pc, 1, fields.load32('fetchContext').zext())), orElse);
  const page = access('i32.load', fields.pointer(entry), fields.parts.fetchTlb + 8);
  const link = f.let(access('i32.load', page.add(pc.wrap().and(4094).shl(1)), FIRST_LINK));
  f.ifUnlikely(link.eqz(), orElse);
  return link;
}

/** Enters the code of a link, and notes that it is used; gives a {@link RegionExit}. */
function enterLink(f: FunctionBuilder, code: HartCode, link: Expr, depth: Expr | number, base: Expr | number): Expr {
  const place = f.let(link.and(LINK_FUNCTIONS - 1));
  f.store('i32.store8', place, code.map.codeUsed, 1);
  return f.let(callIndirect(REGION, place, link.shrU(LINK_ENTRY_SHIFT), depth, base));
}

/** `enter(link)`: runs compiled code from there on for as long as one region leads to the next. Returns a {@link RegionExit}. */
export function defineEnter(code: HartCode): Callee {
  const f = code.module.function('enter', { link: 'i32' }, ['i32']);
  const link = f.variable(f.args.link);
  f.loop('again', (again) => {
    const exit = enterLink(f, code, link, 0, code.parts.state);
    f.if(exit, () => f.return(exit));
    f.set(
      link,
      findLink(f, code, () => f.return(RegionExit.NEXT)),
    );
    f.br(again);
  });
  f.unreachable();
  return f;
}

/**
 * `nest(back, depth, base)`: runs compiled code from `pc` on until `pc` is `back`, where the guest's call returns, and
 * returns NEXT then. Else the interpreter must go on from `pc`: all callers return too.
 */
export function defineNest(code: HartCode): Callee {
  const f = code.module.function('nest', { back: 'i64', depth: 'i32', base: 'i32' }, ['i32']);
  const { back, depth, base } = f.args;
  f.loop('again', (again) => {
    const link = findLink(f, code, () => f.return(RegionExit.RESUME));
    const exit = enterLink(f, code, link, depth, base);
    f.ifUnlikely(exit, () => f.return(exit));
    f.brIf(again, code.load64('pc').ne(back), 'unlikely');
  });
  f.return(RegionExit.NEXT);
  return f;
}
