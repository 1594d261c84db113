/**
 * Short branches become selections: what a branch skips is done in any case when it only calculates, and each result is
 * taken or not by the branch's condition. A branch that depends on data is often foreseen wrongly by the host, which costs
 * it more than some calculations.
 *
 *       beqz a2, 1f                  cond = a2 == 0
 *       addi a0, a0, 1      becomes  a0 = cond ? a0 : a0 + 1
 *   1:  ...                          goes on at 1
 *
 * So do both sides of a branch that meet again, in whatever order they stand.
 */
import { instructions } from '../isa/table.ts';
import { blockNumbers, Ending, goesTo, type Region, type RegionBlock, type RegionInstruction } from './region.ts';

/** Instructions of a side, at most, without a jump at its end. */
const SIDE_LIMIT = 3;

/** What calculates from registers, cheaply, and does nothing else. */
const isSelectable: readonly boolean[] = instructions.map(
  ({ kind, operands, mnemonic }) =>
    kind === 'plain' && /^rd(, (rs1|rs2|u?imm|shamt))*$/.test(operands) && !/^(div|rem|mulh)/.test(mnemonic),
);

/** The same region with selections for branches where that can be. */
export function selectBranches(region: Region): Region {
  const numbers = blockNumbers(region);
  const comeFrom = region.blocks.map(() => 0);
  for (const block of region.blocks) {
    for (const to of goesTo(block)) {
      const number = numbers.get(to);
      if (number !== undefined) comeFrom[number]++;
    }
  }
  const sideAt = (offset: number): RegionBlock | undefined => {
    const number = numbers.get(offset);
    if (number === undefined || comeFrom[number] !== 1 || region.entries.includes(offset)) return undefined;
    const side = region.blocks[number];
    return isSide(side) ? side : undefined;
  };
  const gone = new Set<RegionBlock>();
  const blocks = region.blocks.map((block) => {
    const selection = selectionOf(block, sideAt);
    for (const side of selection?.sides ?? []) gone.add(side);
    return selection?.block ?? block;
  });
  return { blocks: blocks.filter((_, i) => !gone.has(region.blocks[i])), entries: region.entries };
}

/** Whether a block only calculates a little before it goes on at one place. */
function isSide({ instructions: inside, ending }: RegionBlock): boolean {
  if (ending !== Ending.NEXT && ending !== Ending.JUMP) return false;
  const calculations = ending === Ending.JUMP ? inside.slice(0, -1) : inside;
  if (ending === Ending.JUMP && inside[inside.length - 1].decoded.rd !== 0) return false;
  return calculations.length <= SIDE_LIMIT && calculations.every(({ decoded }) => isSelectable[decoded.number]);
}

interface Selection {
  readonly block: RegionBlock;
  readonly sides: readonly RegionBlock[];
}

/** The block with what its branch skips, if that can be. */
function selectionOf(block: RegionBlock, sideAt: (offset: number) => RegionBlock | undefined): Selection | undefined {
  if (block.ending !== Ending.BRANCH) return undefined;
  const [taken, otherwise] = [sideAt(block.target), sideAt(block.end)];
  const merge = (meet: number, whenTaken?: RegionBlock, whenNot?: RegionBlock): Selection => ({
    block: {
      offset: block.offset,
      instructions: [...block.instructions, ...only(whenTaken, true), ...only(whenNot, false)],
      ...{ end: meet, ending: Ending.NEXT, target: meet, targets: [] },
    },
    sides: [whenTaken, whenNot].filter((side) => side !== undefined),
  });
  if (block.target === block.end) return undefined;
  if (otherwise && nextOf(otherwise) === block.target) return merge(block.target, undefined, otherwise);
  if (taken && nextOf(taken) === block.end) return merge(block.end, taken);
  if (taken && otherwise && nextOf(taken) === nextOf(otherwise)) return merge(nextOf(taken), taken, otherwise);
  return undefined;
}

const nextOf = ({ ending, end, target }: RegionBlock): number => (ending === Ending.JUMP ? target : end);

function only(side: RegionBlock | undefined, whenTaken: boolean): RegionInstruction[] {
  return (side?.instructions ?? []).map((instruction) => ({ ...instruction, whenTaken }));
}
