/**
 * Sv39, Sv48 and Sv57 (privileged architecture, "Virtual Address Translation Process"): the ten steps, in their words.
 * Extensions: Svadu, Svpbmt. Svnapot is not implemented, so bit N is reserved.
 */
import { accessFault, pageFault, type Access } from './trap.ts';

/** What translation depends on, and where it reads and writes page-table entries. */
export interface TranslationContext {
  readonly satp: bigint;
  /** The mode whose permissions count: U or S. */
  readonly mode: 0 | 1;
  readonly sum: boolean;
  readonly mxr: boolean;
  /** menvcfg.ADUE and menvcfg.PBMTE. */
  readonly adue: boolean;
  readonly pbmte: boolean;
  /** Eight bytes of memory; `undefined` when PMP or the absence of memory forbids it. */
  readEntry(address: bigint): bigint | undefined;
  /** False when PMP forbids it. */
  writeEntry(address: bigint, value: bigint): boolean;
}

const LEVELS: Readonly<Record<string, number>> = { 8: 3, 9: 4, 10: 5 };
const PAGE_BITS = 12n;
const ENTRY_BYTES = 8n;

interface Entry {
  readonly bits: bigint;
  readonly v: boolean;
  readonly r: boolean;
  readonly w: boolean;
  readonly x: boolean;
  readonly u: boolean;
  readonly a: boolean;
  readonly d: boolean;
  readonly ppn: bigint;
  readonly reserved: bigint;
  readonly pbmt: bigint;
  readonly n: bigint;
}

function entryOf(bits: bigint): Entry {
  const [v, r, w, x, u, , a, d] = Array.from({ length: 8 }, (_, i) => ((bits >> BigInt(i)) & 1n) === 1n);
  return {
    ...{ bits, v, r, w, x, u, a, d },
    ppn: (bits >> 10n) % 2n ** 44n,
    reserved: (bits >> 54n) % 2n ** 7n,
    pbmt: (bits >> 61n) % 4n,
    n: bits >> 63n,
  };
}

/** The physical address of a virtual one, or a page or access fault. */
export function translate(context: TranslationContext, va: bigint, kind: Access): bigint {
  const levels = LEVELS[String(context.satp >> 60n)];
  const vaBits = 12 + 9 * levels;
  if (BigInt.asUintN(64, BigInt.asIntN(vaBits, va)) !== va) throw pageFault(kind, va);
  // 1. Let a be satp.ppn x PAGESIZE, and let i = LEVELS-1.
  let a = (context.satp % 2n ** 44n) << PAGE_BITS;
  for (let i = levels - 1; ; i--) {
    // 2. Let pte be the value of the PTE at address a + va.vpn[i] x PTESIZE.
    const indexAt = PAGE_BITS + 9n * BigInt(i);
    const entryAddress = a + ((va >> indexAt) % 512n) * ENTRY_BYTES;
    const bits = context.readEntry(entryAddress);
    if (bits === undefined) throw accessFault(kind, va);
    const pte = entryOf(bits);
    // 3. If pte.v = 0, or pte.r = 0 and pte.w = 1, or reserved bits or encodings are set: a page fault.
    if (!pte.v || (!pte.r && pte.w) || isReserved(context, pte)) throw pageFault(kind, va);
    // 4. A pointer to the next level, or a leaf.
    if (!pte.r && !pte.x) {
      if (i === 0 || pte.a || pte.d || pte.u || pte.pbmt !== 0n) throw pageFault(kind, va);
      a = pte.ppn << PAGE_BITS;
      continue;
    }
    // 5. and 6. (the order of checks with one outcome does not show): permission by mode, SUM and MXR.
    if (!isPermitted(context, pte, kind)) throw pageFault(kind, va);
    // 7. A superpage must be aligned.
    if (pte.ppn % 2n ** BigInt(9 * i) !== 0n) throw pageFault(kind, va);
    // 9. The accessed bit, and for a store the dirty bit.
    if (!pte.a || (kind === 'store' && !pte.d)) {
      if (!context.adue) throw pageFault(kind, va);
      const updated = bits | (1n << 6n) | (kind === 'store' ? 1n << 7n : 0n);
      if (!context.writeEntry(entryAddress, updated)) throw accessFault(kind, va);
    }
    // 10. The translation is successful.
    return ((pte.ppn << PAGE_BITS) & -(1n << indexAt)) | (va % 2n ** indexAt);
  }
}

function isReserved(context: TranslationContext, pte: Entry): boolean {
  if (pte.reserved !== 0n || pte.n !== 0n) return true;
  return context.pbmte ? pte.pbmt === 3n : pte.pbmt !== 0n;
}

function isPermitted({ mode, sum, mxr }: TranslationContext, pte: Entry, kind: Access): boolean {
  if (mode === 0 && !pte.u) return false;
  if (mode === 1 && pte.u && (kind === 'fetch' || !sum)) return false;
  switch (kind) {
    case 'fetch':
      return pte.x;
    case 'load':
      return pte.r || (pte.x && mxr);
    case 'store':
      return pte.w;
  }
}
