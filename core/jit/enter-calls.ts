/**
 * Calls within a region: what is called is in it, so that the call is a jump, after which registers stay where they
 * are. Its returns are jumps to a register that may lead behind each such call; one that leads elsewhere leaves the
 * region, as for who called it from there.
 */
import { instructionNumber } from '../isa/table.ts';
import { Ending, isLink, type RegionBlock, type RegionInstruction } from './region.ts';

const JALR = instructionNumber('jalr');

/** The blocks, with calls of one of them made such jumps. */
export function enterCalls(blocks: readonly RegionBlock[]): readonly RegionBlock[] {
  const known = new Set(blocks.map(({ offset }) => offset));
  const callsKnown = ({ ending, target }: RegionBlock): boolean => ending === Ending.CALL && known.has(target);
  const returns = blocks.filter((block) => callsKnown(block) && known.has(block.end)).map(({ end }) => end);
  if (!blocks.some(callsKnown)) return blocks;
  return blocks.map((block) => {
    if (callsKnown(block)) return { ...block, ending: Ending.ENTER };
    if (isReturn(block.instructions[block.instructions.length - 1])) {
      return { ...block, targets: [...new Set([...block.targets, ...returns])] };
    }
    return block;
  });
}

/** Whether an instruction returns from a call. */
export function isReturn({ decoded: { number, rd, rs1, imm } }: RegionInstruction): boolean {
  return number === JALR && rd === 0 && imm === 0 && isLink(rs1);
}
