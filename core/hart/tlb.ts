/**
 * The translation lookaside buffers: fetch, load and store, 1024 entries each, direct-mapped.
 *
 *   0        8          12       16
 *   tag      addend     shift
 *
 *   tag      virtual page number << 12 | context << 3; a lookup ORs in the address's low bits that must be 0 for an
 *            aligned access, so that a misaligned one misses. All ones: empty.
 *   addend   load and store: added to the low 32 bits of the address, gives the offset in the shared memory;
 *            fetch: the decoded page
 *   shift    log2 of the page's size in the page table, for SFENCE.VMA
 *
 * A context (9 bits) is an address space, a privilege and the bits of mstatus that permissions depend on, so an entry
 * answers only under the setting that made it:
 *
 *   context  =  space << 3 | variant       space: number given to a `satp` value, 0 for no translation
 *   variant     space 0: privilege (0 U, 1 S, 3 M)
 *               else:    0 U, 1 S, 2 S with SUM; 4 more with MXR
 */
import { MSTATUS, MPP_SHIFT } from '../isa/mstatus.ts';
import { HartState } from '../shared/hart-state.ts';
import { TLB_ENTRIES, TLB_ENTRY_SIZE } from '../shared/memory-map.ts';
import { access, i32, select, type Callee, type Expr } from '../wasm/expr.ts';
import type { FunctionBuilder } from '../wasm/function.ts';
import type { HartCode } from './code.ts';
import type { HartFields } from './fields.ts';

export const TLB_SIZE = TLB_ENTRIES * TLB_ENTRY_SIZE;
const CONTEXT_SHIFT = 3;
const SPACES = 64;
/** `spaces` entry of a number that is not, or no longer, in use: no legal `satp`. */
const NO_SPACE = (1n << 64n) - 1n;

/** Offset in an entry. */
const ADDEND = 8;

/** Offset of the entry for an address within a TLB. */
export function entryOffset(address: Expr): Expr {
  return address
    .shrU(12 - 4)
    .wrap()
    .and((TLB_ENTRIES - 1) << 4);
}

/** The tag that an access of `width` bytes at `address` must find. `context` is an `i64`, shifted already. */
export function lookupTag(address: Expr, width: number, context: Expr): Expr {
  return address.and(~0xfff | (width - 1)).or(context);
}

/** The TLBs that loads and stores look into. */
export type DataTlb = 'loadTlb' | 'storeTlb';

/** Whether the entry at an offset has a tag. */
export function answers(fields: HartFields, tlb: DataTlb, entry: Expr, tag: Expr): Expr {
  return access('i64.load', fields.pointer(entry), fields.parts[tlb]).eq(tag);
}

/** What is added to the low 32 bits of an address to get its place, of the entry that answers. */
export function hitAddend(fields: HartFields, tlb: DataTlb, entry: Expr): Expr {
  return access('i32.load', fields.pointer(entry), fields.parts[tlb] + ADDEND);
}

/** The tag of an entry. */
export function entryTag(address: Expr, context: Expr): Expr {
  return address.and(~0xfffn).or(context.zext());
}

export interface TlbRoutines {
  readonly flushTlbs: Callee;
  readonly updateContexts: Callee;
  /** (address, address space, has address, has address space) */
  readonly sfence: Callee;
}

export function defineTlb(code: HartCode): TlbRoutines {
  const flushTlbs = defineFlush(code);
  const updateContexts = defineUpdateContexts(code, defineFindSpace(code, flushTlbs));
  return { flushTlbs, updateContexts, sfence: defineSfence(code, flushTlbs, updateContexts) };
}

function defineFlush(code: HartCode): Callee {
  const f = code.module.function('flush_tlbs', {});
  for (const tlb of [code.map.fetchTlb, code.map.loadTlb, code.map.storeTlb]) f.memoryFill(tlb, 0xff, TLB_SIZE);
  return f;
}

const spaceOffset = (code: HartCode, index: Expr): Expr => index.shl(3).add(code.map.state + HartState.at.spaces);

/** Makes `space` the number of the current `satp`, a new one if it has none; with all numbers used, begins anew. */
function defineFindSpace(code: HartCode, flushTlbs: Callee): Callee {
  const f = code.module.function('find_space', {});
  const satp = f.let(code.load64('satp'));
  const index = f.variable(i32(1));
  f.loop('search', (search) => {
    f.if(access('i64.load', spaceOffset(code, index)).eq(satp), () => {
      code.store32(f, 'space', index);
      f.return();
    });
    f.set(index, index.add(1));
    f.brIf(search, index.ltU(SPACES));
  });
  const next = f.variable(code.load32('nextSpace'));
  f.if(next.geU(SPACES).or(next.eqz()), () => {
    f.call(flushTlbs);
    f.memoryFill(code.at('spaces'), 0xff, SPACES * 8);
    f.set(next, 1);
  });
  f.store('i64.store', spaceOffset(code, next), 0, satp);
  code.store32(f, 'space', next);
  code.store32(f, 'nextSpace', next.add(1));
  return f;
}

/** Recomputes the fetch and data contexts from `privilege`, `mstatus` and `satp`. */
function defineUpdateContexts(code: HartCode, findSpace: Callee): Callee {
  const f = code.module.function('update_contexts', {});
  const status = f.let(code.load64('mstatus'));
  const privilege = f.let(code.load32('privilege'));
  const translates = f.let(code.load64('satp').shrU(60).ne(0n));
  f.if(translates, () => {
    const known = access('i64.load', spaceOffset(code, code.load32('space')));
    f.if(known.ne(code.load64('satp')), () => f.call(findSpace));
  });
  const space = f.let(code.load32('space').shl(3));
  const context = (mode: Expr, variant: Expr): Expr =>
    select(translates.and(mode.ltU(3)), space.or(variant), mode).shl(CONTEXT_SHIFT);

  code.store32(f, 'fetchContext', context(privilege, privilege));
  const previous = status.shrU(MPP_SHIFT).and(3).wrap();
  const modified = status.and(MSTATUS.MPRV).ne(0).and(privilege.eq(3));
  const mode = f.let(select(modified, previous, privilege));
  const sum = status.and(MSTATUS.SUM).ne(0).and(mode.eq(1));
  const mxr = status.and(MSTATUS.MXR).ne(0).shl(2);
  code.store32(f, 'dataContext', context(mode, mode.add(sum).or(mxr)));
  return f;
}

/**
 * SFENCE.VMA. With an address, all entries whose page (of whatever size it had) holds it go, in every space; with only
 * an address-space identifier, the numbers of its spaces are retired; with neither, everything goes.
 */
function defineSfence(code: HartCode, flushTlbs: Callee, updateContexts: Callee): Callee {
  const params = { address: 'i64', asid: 'i64', hasAddress: 'i32', hasAsid: 'i32' } as const;
  const f = code.module.function('sfence', params);
  const { address, asid, hasAddress, hasAsid } = f.args;
  f.if(hasAddress, () => {
    const offset = f.variable(i32(0));
    f.loop('each', (each) => {
      for (const tlb of [code.map.fetchTlb, code.map.loadTlb, code.map.storeTlb]) {
        const tag = access('i64.load', offset, tlb);
        const shift = access('i64.load32_u', offset, tlb + 12);
        f.if(tag.xor(address).shrU(shift).eq(0n), () => f.store('i64.store', offset, tlb, -1n));
      }
      f.set(offset, offset.add(TLB_ENTRY_SIZE));
      f.brIf(each, offset.ltU(TLB_SIZE));
    });
    f.return();
  });
  f.if(
    hasAsid,
    () => retireSpaces(f, code, asid),
    () => f.call(flushTlbs),
  );
  f.call(updateContexts);
  return f;
}

function retireSpaces(f: FunctionBuilder, code: HartCode, asid: Expr): void {
  const index = f.variable(i32(1));
  f.loop('each', (each) => {
    const at = spaceOffset(code, index);
    const same = access('i64.load', at).shrU(44).and(0xffff).eq(asid.and(0xffff));
    f.if(same, () => f.store('i64.store', at, 0, NO_SPACE));
    f.set(index, index.add(1));
    f.brIf(each, index.ltU(SPACES));
  });
}

/** Fills the entry for `address` of the TLB at `tlb`. */
export function fillEntry(
  f: FunctionBuilder,
  tlb: number,
  address: Expr,
  context: Expr,
  addend: Expr,
  shift: Expr,
): void {
  const offset = f.let(entryOffset(address));
  f.store('i64.store', offset, tlb, entryTag(address, context));
  f.store('i32.store', offset, tlb + 8, addend);
  f.store('i32.store', offset, tlb + 12, shift);
}
