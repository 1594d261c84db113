/** Regions that are graphs alone: blocks without instructions, each `STRIDE` bytes behind the one before. */
import type { Flow } from '../flow.ts';
import { Ending, type Region, type RegionBlock } from '../region.ts';

const STRIDE = 4;

/** Of each block, the numbers of those that it goes on to, two at most; what is no block's number is outside. */
export type Graph = readonly (readonly number[])[];

/** The region of a graph that is entered at some of its blocks, by number. */
export function regionOfGraph(graph: Graph, entries: readonly number[]): Region {
  const blocks = graph.map((to, block): RegionBlock => {
    const [target, end] = [(to[0] ?? 0) * STRIDE, (to[1] ?? to[0] ?? 0) * STRIDE];
    const ending = [Ending.JUMP_REGISTER, Ending.JUMP, Ending.BRANCH][to.length];
    return { offset: block * STRIDE, instructions: [], end, ending, target, targets: [] };
  });
  return { blocks, entries: entries.map((block) => block * STRIDE) };
}

/** The node by which a block is reached from others. */
export const nodeOf = (flow: Flow, block: number): number => flow.dispatches.get(block) ?? block;

/** The edges of a graph that its flow is without. */
export function cutEdges(graph: Graph, flow: Flow): string[] {
  return graph.flatMap((to, from) =>
    to
      .filter((block) => block in graph && !flow.successors[from].includes(nodeOf(flow, block)))
      .map((block) => `${from} to ${block}`),
  );
}
