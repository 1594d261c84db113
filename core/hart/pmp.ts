/**
 * Physical memory protection (privileged architecture, "Physical Memory Protection"). The grain is 4 KiB (G = 10), so
 * that a page is wholly allowed or not and a TLB entry can stand for the check.
 */
import { PMP_ENTRIES } from '../shared/hart-state.ts';
import { access, i32, i64, select, type Callee } from '../wasm/expr.ts';
import type { HartCode } from './code.ts';

/** Kinds of access, as everywhere in the memory routines. */
export const Access = { READ: 0, WRITE: 1, FETCH: 2 } as const;

const GRAIN_MASK = ~0x3ffn;
const A_TOR = 1;
const A_NAPOT = 3;

/** `pmp_check(address, access, privilege)`: 1 when the page of a physical address may be accessed so. */
export function definePmp(code: HartCode): Callee {
  const f = code.module.function('pmp_check', { address: 'i64', kind: 'i32', privilege: 'i32' }, ['i32']);
  const { address, kind, privilege } = f.args;
  const wanted = f.let(address.shrU(2).and(GRAIN_MASK));
  const entry = f.variable(i32(0));
  const previous = f.variable(i64(0));
  f.loop('each', (each) => {
    const config = f.let(access('i32.load8_u', entry, code.at('pmpcfg')));
    const limit = f.let(access('i64.load', entry.shl(3), code.at('pmpaddr')));
    const mode = f.let(config.shrU(3).and(3));
    // NAPOT: the lowest zero bit of the address, ones below it counted in, ends the region's size.
    const ones = f.let(limit.or(0x1ff));
    const size = ones.xor(ones.add(1));
    const inPowerOfTwo = wanted.xor(limit).and(size.xor(-1).and(GRAIN_MASK)).eq(0);
    const inRange = wanted.geU(previous.and(GRAIN_MASK)).and(wanted.ltU(limit.and(GRAIN_MASK)));
    const matches = mode.eq(A_NAPOT).and(inPowerOfTwo).or(mode.eq(A_TOR).and(inRange));
    f.if(matches, () => {
      const exempt = privilege.eq(3).and(config.and(0x80).eqz());
      f.return(select(exempt, 1, config.shrU(kind).and(1)));
    });
    f.set(previous, limit);
    f.set(entry, entry.add(1));
    f.brIf(each, entry.ltU(PMP_ENTRIES));
  });
  f.return(privilege.eq(3));
  return f;
}
