/**
 * Which memory accesses of a block share one look into the TLB: those with the same base register, not written between
 * them, and offsets that are near. The first of them finds the place of all; when that fails, for whatever reason, the
 * region is left there, before any of them was done.
 */
import type { DataTlb } from '../hart/tlb.ts';
import { instructions } from '../isa/table.ts';
import type { Width } from '../isa/emitter.ts';
import type { Decoded } from '../isa/decode.ts';
import type { RegionInstruction } from './region.ts';
import { isOtherCsr, writtenBy } from './registers.ts';

export interface AccessGroup {
  readonly tlb: DataTlb;
  /** Offset from the base register of the first byte, and behind the last. */
  readonly from: number;
  readonly to: number;
}

export interface GroupedAccess {
  readonly group: AccessGroup;
  /** It is the one that finds the place. */
  readonly isFirst: boolean;
  /** From the group's first byte. */
  readonly offset: number;
}

/** Bytes that a group spans, at most: the more, the likelier is it that they cross a page. */
const SPAN_LIMIT = 64;

const WIDTHS: Readonly<Record<string, Width>> = { b: 1, h: 2, w: 4, d: 8 };

const accesses = instructions.map(({ mnemonic, operands }) => {
  const width = /^f?[ls]([bhwd])u?$/.exec(mnemonic)?.[1];
  if (width === undefined || !operands.includes('imm(rs1)')) return undefined;
  return { width: WIDTHS[width], tlb: /^[rf]s2/.test(operands) ? 'storeTlb' : 'loadTlb' } as const;
});

/** The width of a load or a store, and the TLB that it looks into; of other instructions, `undefined`. */
export const accessOf = ({ number }: Decoded): (Pick<AccessGroup, 'tlb'> & { width: Width }) | undefined =>
  accesses[number];

interface OpenGroup extends AccessGroup {
  from: number;
  to: number;
}

/** The group with these bytes as well, if they are near enough. */
function widened(group: OpenGroup, from: number, to: number): OpenGroup | undefined {
  const [low, high] = [Math.min(group.from, from), Math.max(group.to, to)];
  return high - low <= SPAN_LIMIT ? Object.assign(group, { from: low, to: high }) : undefined;
}

/** The loads and stores of a block, by their place in it. Not `shared`: each is a group of its own. */
export function groupAccesses(
  block: readonly RegionInstruction[],
  shared: boolean,
): ReadonlyMap<number, GroupedAccess> {
  const members: { index: number; imm: number; group: OpenGroup; isFirst: boolean }[] = [];
  const open = new Map<string, OpenGroup>();
  block.forEach(({ decoded }, index) => {
    const access = accessOf(decoded);
    if (access) {
      const { rs1, imm } = decoded;
      const key = `${access.tlb} ${rs1}`;
      const known = shared ? open.get(key) : undefined;
      const end = imm + access.width;
      let group = known && widened(known, imm, end);
      group ??= { tlb: access.tlb, from: imm, to: end };
      open.set(key, group);
      members.push({ index, imm, group, isFirst: group !== known });
    }
    // It may change what may be accessed.
    if (isOtherCsr(decoded)) open.clear();
    const written = writtenBy(decoded);
    for (const tlb of ['loadTlb', 'storeTlb']) open.delete(`${tlb} ${written}`);
  });
  return new Map(
    members.map(({ index, imm, group, isFirst }) => [index, { group, isFirst, offset: imm - group.from }]),
  );
}
