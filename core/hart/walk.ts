/**
 * Address translation (privileged architecture, "Virtual Address Translation Process"; steps are numbered as there).
 * Sv39, Sv48 and Sv57 are one loop; Svadu updates A and D, or leaves it to software; Svpbmt is checked.
 */
import { Cause, ENVCFG, MPP_SHIFT, MSTATUS } from '../isa/mstatus.ts';
import { RAM_BASE } from '../shared/memory-map.ts';
import { access, call, i64, select, type Callee, type Expr } from '../wasm/expr.ts';
import type { FunctionBuilder } from '../wasm/function.ts';
import type { HartCode } from './code.ts';
import { Access } from './pmp.ts';

const PTE = { V: 1n, R: 2n, W: 4n, X: 8n, U: 16n, A: 64n, D: 128n, PBMT: 3n << 61n };
/** Bits that must be 0: reserved 60:54, and N, since Svnapot is not implemented. */
const RESERVED = (1n << 63n) | (0x7fn << 54n);

/** Page fault and access fault by kind of access. */
const pageFault = (kind: Expr): Expr =>
  select(kind.eq(Access.FETCH), Cause.FETCH_PAGE, select(kind.eq(Access.WRITE), Cause.STORE_PAGE, Cause.LOAD_PAGE));
export const accessFault = (kind: Expr): Expr =>
  select(
    kind.eq(Access.FETCH),
    Cause.FETCH_ACCESS,
    select(kind.eq(Access.WRITE), Cause.STORE_ACCESS, Cause.LOAD_ACCESS),
  );

/** Offset in the shared memory of a physical address that is in RAM. */
export const ramOffset = (code: HartCode, address: Expr): Expr => address.sub(RAM_BASE).wrap().add(code.memory.ram);
export const inRam = (code: HartCode, address: Expr): Expr => address.sub(RAM_BASE).ltU(code.memory.ramBytes);

/**
 * `translate(address, kind)`: 1 with `walkAddress` and `walkShift` set, or 0 with the exception noted. PMP is checked
 * for the walk and for the result; whether there is RAM or a device at the result is the caller's concern.
 */
export function defineTranslate(code: HartCode, pmpCheck: Callee): Callee {
  const walk = defineWalk(code, pmpCheck);
  const f = code.module.function('translate', { address: 'i64', kind: 'i32' }, ['i32']);
  const { address, kind } = f.args;
  const mode = f.variable(code.load32('privilege'));
  const status = f.let(code.load64('mstatus'));
  f.if(kind.ne(Access.FETCH).and(mode.eq(3)).and(status.and(MSTATUS.MPRV).ne(0)), () => {
    f.set(mode, status.shrU(MPP_SHIFT).and(3).wrap());
  });
  f.if(
    mode.eq(3).or(code.load64('satp').shrU(60).eq(0)),
    () => {
      code.store64(f, 'walkAddress', address);
      code.store32(f, 'walkShift', 12);
    },
    () => f.if(call(walk, address, kind, mode).eqz(), () => f.return(0)),
  );
  f.if(call(pmpCheck, code.load64('walkAddress'), kind, mode).eqz(), () => {
    code.except(f, accessFault(kind), address);
    f.return(0);
  });
  f.return(1);
  return f;
}

function defineWalk(code: HartCode, pmpCheck: Callee): Callee {
  const f = code.module.function('walk', { address: 'i64', kind: 'i32', mode: 'i32' }, ['i32']);
  const { address, kind, mode } = f.args;
  const fail = (condition: Expr, cause: (kind: Expr) => Expr = pageFault): void =>
    f.if(condition, () => {
      code.except(f, cause(kind), address);
      f.return(0);
    });
  const satp = f.let(code.load64('satp'));
  // Levels: 3, 4 or 5 for modes 8, 9, 10. Bits above the highest translated one must equal it.
  const levels = f.let(satp.shrU(60).sub(5));
  const unused = f.let(i64(64 - 12).sub(levels.mul(9)));
  fail(address.shl(unused).shrS(unused).ne(address));

  // 1. a is the root, i the highest level; `shift` is 12 + 9i.
  const table = f.variable(satp.shl(12).and(0x00ff_ffff_ffff_f000n));
  const shift = f.variable(levels.mul(9).add(3));
  const pte = f.local('i64');
  f.loop('level', (level) => {
    // 2. The entry at a + va.vpn[i] * 8.
    const at = f.let(table.add(address.shrU(shift).and(511).shl(3)));
    fail(
      inRam(code, at)
        .eqz()
        .or(call(pmpCheck, at, Access.READ, 1).eqz()),
      accessFault,
    );
    f.set(pte, access('i64.atomic.load', ramOffset(code, at)));
    // 3. Not valid, or reserved.
    const invalid = pte
      .and(PTE.V)
      .eq(0)
      .or(pte.and(PTE.R | PTE.W).eq(PTE.W))
      .or(pte.and(RESERVED).ne(0));
    const pbmt = f.let(pte.and(PTE.PBMT));
    const badType = pbmt.ne(0).and(code.load64('menvcfg').and(ENVCFG.PBMTE).eq(0).or(pbmt.eq(PTE.PBMT)));
    fail(invalid.or(badType));
    // 4. A pointer to the next level, or, with R or X, a leaf.
    f.if(pte.and(PTE.R | PTE.X).eq(0), () => {
      fail(
        pte
          .and(PTE.A | PTE.D | PTE.U)
          .ne(0)
          .or(pbmt.ne(0))
          .or(shift.eq(12)),
      );
      f.set(
        table,
        pte
          .shrU(10)
          .and((1n << 44n) - 1n)
          .shl(12),
      );
      f.set(shift, shift.sub(9));
      f.br(level);
    });
    checkPermissions(f, code, pte, kind, mode, fail);
    // 6. A superpage must be aligned.
    const within = f.let(i64(1).shl(shift).sub(1));
    const page = f.let(
      pte
        .shrU(10)
        .and((1n << 44n) - 1n)
        .shl(12),
    );
    fail(page.and(within).ne(0));
    // 9. A, and D for a store.
    const needed = f.let(select(kind.eq(Access.WRITE), i64(PTE.A | PTE.D), i64(PTE.A)));
    f.if(pte.and(needed).ne(needed), () => {
      fail(code.load64('menvcfg').and(ENVCFG.ADUE).eq(0));
      fail(call(pmpCheck, at, Access.WRITE, 1).eqz(), accessFault);
      const where = f.let(ramOffset(code, at));
      // The entry may have changed meanwhile: then the level is looked at again.
      f.brIf(level, access('i64.atomic.rmw.cmpxchg', where, 0, pte, pte.or(needed)).ne(pte));
      f.call(code.host.codeWritten, at.sub(RAM_BASE).shrU(12).wrap());
    });
    // 10. Done.
    code.store64(f, 'walkAddress', page.or(address.and(within)));
    code.store32(f, 'walkShift', shift.wrap());
  });
  f.return(1);
  return f;
}

/** Step 5: is the access allowed, given the mode and SUM and MXR? */
function checkPermissions(
  f: FunctionBuilder,
  code: HartCode,
  pte: Expr,
  kind: Expr,
  mode: Expr,
  fail: (condition: Expr) => void,
): void {
  const status = f.let(code.load64('mstatus'));
  const readable = select(status.and(MSTATUS.MXR).ne(0), i64(PTE.R | PTE.X), i64(PTE.R));
  const permission = select(kind.eq(Access.FETCH), i64(PTE.X), select(kind.eq(Access.WRITE), i64(PTE.W), readable));
  fail(pte.and(permission).eq(0));
  const isUser = f.let(pte.and(PTE.U).ne(0));
  const supervisorMay = kind.ne(Access.FETCH).and(status.and(MSTATUS.SUM).ne(0));
  fail(select(mode.eq(0), isUser.eqz(), isUser.and(supervisorMay.eqz())));
}
