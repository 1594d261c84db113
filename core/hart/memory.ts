/**
 * What loads, stores, atomics and fetches do when their TLB misses: misaligned and page-crossing accesses, the page
 * walk, protection, devices, and the fill for the next time.
 */
import { Cause, ENVCFG } from '../isa/mstatus.ts';
import { PAGE_STATE_WRITABLE, PageState, RAM_BASE } from '../shared/memory-map.ts';
import { access, call, i32, i64, select, type Callee, type Expr } from '../wasm/expr.ts';
import type { FunctionBuilder } from '../wasm/function.ts';
import type { HartCode } from './code.ts';
import { Access } from './pmp.ts';
import { accessFault, inRam, ramOffset } from './walk.ts';
import { entryOffset, fillEntry, lookupTag } from './tlb.ts';

export interface MemoryRoutines {
  /** (address, width): the value, zero-extended; 0 and an exception when it failed. */
  readonly loadSlow: Callee;
  /** (address, value, width) */
  readonly storeSlow: Callee;
  /** (address, width): where an atomic access goes in the shared memory, or 0 and an exception. */
  readonly atomicAddress: Callee;
  /** (address, width): the same for LR, which needs to read only. */
  readonly reserveAddress: Callee;
  /**
   * (address, length): where these bytes are in the shared memory, by the TLB that is filled with their page; 0, and no
   * exception, when that cannot be said: they cross a page, are not RAM, or would fault.
   */
  readonly loadPlace: Callee;
  readonly storePlace: Callee;
  /** (address): the decoded page, or 0 and an exception. */
  readonly fetchPage: Callee;
  /** (operation, address); operations as {@link CACHE_BLOCK_OPERATIONS}. */
  readonly cacheBlock: Callee;
}

export const CACHE_BLOCK_OPERATIONS = ['inval', 'clean', 'flush', 'zero'] as const;
const CACHE_BLOCK = 64;

export function defineMemory(code: HartCode, translate: Callee): MemoryRoutines {
  const prepareWrite = definePrepareWrite(code);
  const loadSlow = defineLoadSlow(code, translate);
  const storeSlow = defineStoreSlow(code, translate, prepareWrite);
  return {
    loadSlow,
    storeSlow,
    atomicAddress: defineAtomicAddress(code, translate, prepareWrite),
    reserveAddress: defineReserveAddress(code, translate),
    loadPlace: definePlace(code, translate),
    storePlace: definePlace(code, translate, prepareWrite),
    fetchPage: defineFetchPage(code, translate),
    cacheBlock: defineCacheBlock(code, translate, prepareWrite),
  };
}

const misaligned = (address: Expr, width: Expr): Expr => address.wrap().and(width.sub(1)).ne(0);
const crosses = (address: Expr, width: Expr): Expr => address.wrap().and(0xfff).add(width).gtU(4096);

/** Fills a data TLB after a walk to RAM; `host` is where the address itself is. */
function fill(f: FunctionBuilder, code: HartCode, tlb: number, address: Expr, host: Expr): void {
  fillEntry(f, tlb, address, code.load32('dataContext'), host.sub(address.wrap()), code.load32('walkShift'));
}

function widthSwitch(f: FunctionBuilder, width: Expr, each: (width: 1 | 2 | 4 | 8) => void): void {
  for (const candidate of [8, 4, 1] as const) f.if(width.eq(candidate), () => each(candidate));
  each(2);
}

const LOADS = { 1: 'i64.load8_u', 2: 'i64.load16_u', 4: 'i64.load32_u', 8: 'i64.load' } as const;
const STORES = { 1: 'i64.store8', 2: 'i64.store16', 4: 'i64.store32', 8: 'i64.store' } as const;

function defineLoadSlow(code: HartCode, translate: Callee): Callee {
  const f = code.module.function('load_slow', { address: 'i64', width: 'i32' }, ['i64']);
  const { address, width } = f.args;
  code.count(f, 'statTlbMisses');
  f.if(crosses(address, width), () => {
    // Byte by byte: the first that faults gives the address of the fault.
    const value = f.variable(i64(0));
    const done = f.variable(i32(0));
    f.loop('bytes', (bytes) => {
      const byte = f.let(call(f, address.add(done.zext()), 1));
      f.if(code.load32('exception'), () => f.return(0));
      f.set(value, value.or(byte.shl(done.shl(3).zext())));
      f.set(done, done.add(1));
      f.brIf(bytes, done.ltU(width));
    });
    f.return(value);
  });
  f.if(call(translate, address, Access.READ).eqz(), () => f.return(0));
  const physical = f.let(code.load64('walkAddress'));
  f.if(inRam(code, physical), () => {
    const host = f.let(ramOffset(code, physical));
    fill(f, code, code.map.loadTlb, address, host);
    widthSwitch(f, width, (bytes) => f.return(access(LOADS[bytes], host)));
  });
  f.if(physical.shrU(32).ne(0).or(misaligned(address, width)), () => {
    code.except(f, Cause.LOAD_ACCESS, address);
    f.return(0);
  });
  code.count(f, 'statMmio');
  code.store64(f, 'exceptionTval', address);
  f.call(code.host.mmioRead, physical.wrap(), width);
  f.return(code.load64('transfer'));
  return f;
}

/** `prepare_write(host)`: tells the page's state that a write through a TLB entry, or one now, is to come. */
function definePrepareWrite(code: HartCode): Callee {
  const f = code.module.function('prepare_write', { host: 'i32' });
  const page = f.let(f.args.host.sub(code.memory.ram).shrU(12));
  const before = access('i32.atomic.rmw8.or_u', page, code.memory.pageState, PAGE_STATE_WRITABLE);
  f.if(before.and(PageState.HAS_CODE), () => f.call(code.host.codeWritten, page));
  return f;
}

function defineStoreSlow(code: HartCode, translate: Callee, prepareWrite: Callee): Callee {
  const f = code.module.function('store_slow', { address: 'i64', value: 'i64', width: 'i32' });
  const { address, value, width } = f.args;
  code.count(f, 'statTlbMisses');
  f.if(crosses(address, width), () => {
    // Both pages must be writable before a byte is written.
    f.if(call(translate, address, Access.WRITE).eqz(), () => f.return());
    const second = address.add(width.zext()).and(-4096n);
    f.if(call(translate, second, Access.WRITE).eqz(), () => f.return());
    const done = f.variable(i32(0));
    f.loop('bytes', (bytes) => {
      f.call(f, address.add(done.zext()), value.shrU(done.shl(3).zext()), 1);
      f.set(done, done.add(1));
      f.brIf(bytes, done.ltU(width));
    });
    f.return();
  });
  f.if(call(translate, address, Access.WRITE).eqz(), () => f.return());
  const physical = f.let(code.load64('walkAddress'));
  f.if(inRam(code, physical), () => {
    const host = f.let(ramOffset(code, physical));
    f.call(prepareWrite, host);
    fill(f, code, code.map.storeTlb, address, host);
    widthSwitch(f, width, (bytes) => {
      f.store(STORES[bytes], host, 0, value);
      f.return();
    });
  });
  f.if(physical.shrU(32).ne(0).or(misaligned(address, width)), () => {
    code.except(f, Cause.STORE_ACCESS, address);
    f.return();
  });
  code.count(f, 'statMmio');
  code.store64(f, 'exceptionTval', address);
  code.store64(f, 'transfer', value);
  f.call(code.host.mmioWrite, physical.wrap(), width);
  return f;
}

/** With `prepareWrite` for stores. */
function definePlace(code: HartCode, translate: Callee, prepareWrite?: Callee): Callee {
  const name = prepareWrite ? 'store_place' : 'load_place';
  const f = code.module.function(name, { address: 'i64', length: 'i32' }, ['i32']);
  const { address, length } = f.args;
  code.count(f, 'statTlbMisses');
  f.if(crosses(address, length), () => f.return(0));
  f.if(call(translate, address, prepareWrite ? Access.WRITE : Access.READ).eqz(), () => {
    code.store32(f, 'exception', 0);
    f.return(0);
  });
  const physical = f.let(code.load64('walkAddress'));
  f.if(inRam(code, physical).eqz(), () => f.return(0));
  const host = f.let(ramOffset(code, physical));
  if (prepareWrite) f.call(prepareWrite, host);
  fill(f, code, prepareWrite ? code.map.storeTlb : code.map.loadTlb, address, host);
  f.return(host);
  return f;
}

/** The place in RAM for an aligned access of `kind`, or 0 and an exception; devices refuse atomics. */
function aligned(
  f: FunctionBuilder<{ address: 'i64'; width: 'i32' }>,
  code: HartCode,
  translate: Callee,
  kind: number,
  cause: number,
): Expr {
  const { address, width } = f.args;
  f.if(misaligned(address, width), () => {
    code.except(f, cause, address);
    f.return(0);
  });
  f.if(call(translate, address, kind).eqz(), () => f.return(0));
  const physical = f.let(code.load64('walkAddress'));
  f.if(inRam(code, physical).eqz(), () => {
    code.except(f, accessFault(i32(kind)), address);
    f.return(0);
  });
  return f.let(ramOffset(code, physical));
}

function defineAtomicAddress(code: HartCode, translate: Callee, prepareWrite: Callee): Callee {
  const f = code.module.function('atomic_address', { address: 'i64', width: 'i32' }, ['i32']);
  const { address, width } = f.args;
  const entry = f.let(entryOffset(address));
  const tag = f.let(access('i64.load', entry, code.map.storeTlb));
  for (const bytes of [4, 8]) {
    const hit = width.eq(bytes).and(tag.eq(lookupTag(address, bytes, code.load32('dataContext').zext())));
    f.if(hit, () => f.return(access('i32.load', entry, code.map.storeTlb + 8).add(address.wrap())));
  }
  const host = aligned(f, code, translate, Access.WRITE, Cause.STORE_MISALIGNED);
  f.call(prepareWrite, host);
  fill(f, code, code.map.storeTlb, address, host);
  f.return(host);
  return f;
}

function defineReserveAddress(code: HartCode, translate: Callee): Callee {
  const f = code.module.function('reserve_address', { address: 'i64', width: 'i32' }, ['i32']);
  f.return(aligned(f, code, translate, Access.READ, Cause.LOAD_MISALIGNED));
  return f;
}

function defineFetchPage(code: HartCode, translate: Callee): Callee {
  const f = code.module.function('fetch_page', { address: 'i64' }, ['i32']);
  const { address } = f.args;
  const entry = f.let(entryOffset(address));
  const hit = access('i64.load', entry, code.map.fetchTlb).eq(
    lookupTag(address, 1, code.load32('fetchContext').zext()),
  );
  f.if(hit, () => f.return(access('i32.load', entry, code.map.fetchTlb + 8)));
  code.count(f, 'statTlbMisses');
  const page = f.local('i32');
  // Claiming a page as code may wait for other harts, and serve a fence of theirs meanwhile: then all is done again.
  f.loop('again', (again) => {
    f.if(call(translate, address, Access.FETCH).eqz(), () => f.return(0));
    const physical = f.let(code.load64('walkAddress'));
    f.if(inRam(code, physical).eqz(), () => {
      code.except(f, Cause.FETCH_ACCESS, address);
      f.return(0);
    });
    f.set(page, call(code.host.decodedPage, physical.sub(RAM_BASE).shrU(12).wrap()));
    f.brIf(again, page.eqz(), 'unlikely');
  });
  fillEntry(f, code.map.fetchTlb, address, code.load32('fetchContext'), page, code.load32('walkShift'));
  f.return(page);
  return f;
}

/** Zicbom and Zicboz: allowed by the `envcfg` registers above the mode, then a permission check, then zeroes or nothing. */
function defineCacheBlock(code: HartCode, translate: Callee, prepareWrite: Callee): Callee {
  const f = code.module.function('cache_block', { operation: 'i32', address: 'i64' });
  const { operation } = f.args;
  const [inval, , , zero] = [0, 1, 2, 3];
  const bit = (envcfg: Expr): Expr =>
    select(
      operation.eq(zero),
      envcfg.and(ENVCFG.CBZE),
      select(operation.eq(inval), envcfg.and(ENVCFG.CBIE), envcfg.and(ENVCFG.CBCFE)),
    );
  const privilege = f.let(code.load32('privilege'));
  const denied = privilege
    .ltU(3)
    .and(bit(code.load64('menvcfg')).eq(0))
    .or(privilege.eq(0).and(bit(code.load64('senvcfg')).eq(0)));
  f.if(denied, () => {
    code.except(f, Cause.ILLEGAL, 0);
    f.return();
  });
  // Faults name the address in rs1, wherever in the block it is.
  const { address } = f.args;
  f.if(operation.ne(zero), () => {
    // Managing a block is allowed where a load is (a page or region is never writable alone); what fails is reported
    // as the store's exception of the same kind, whose number is greater by two.
    f.if(call(translate, address, Access.READ), () => f.return());
    code.store32(f, 'exceptionCause', code.load32('exceptionCause').add(2));
    f.return();
  });
  f.if(call(translate, address, Access.WRITE).eqz(), () => f.return());
  const physical = f.let(code.load64('walkAddress'));
  f.if(
    inRam(code, physical),
    () => {
      const host = f.let(ramOffset(code, physical.and(BigInt(-CACHE_BLOCK))));
      f.call(prepareWrite, host);
      f.memoryFill(host, 0, CACHE_BLOCK);
    },
    () => code.except(f, Cause.STORE_ACCESS, address),
  );
  return f;
}
