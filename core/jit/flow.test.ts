import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { blockSuccessors, flowOf, type Flow } from './flow.ts';
import { cutEdges, nodeOf, regionOfGraph, type Graph } from './testing/graph.ts';
import { GraphRunner, STEPS, walk, type Walk } from './testing/graph-runner.ts';

const flow = (graph: Graph, entries: readonly number[] = [0]): Flow => flowOf(regionOfGraph(graph, entries));

/** The blocks that are headers of loops. */
const headers = (graph: Graph, found: Flow): number[] =>
  graph.flatMap((_, block) => (found.tree.isHeader[nodeOf(found, block)] ? [block] : []));

/** By node, its immediate dominator; `root` and `before 3` name what is no block. */
function dominators({ tree, root, dispatches }: Flow): Record<string, string> {
  const before = new Map([...dispatches].map(([header, dispatch]) => [dispatch, `before ${header}`]));
  const name = (node: number): string => (node === root ? 'root' : (before.get(node) ?? String(node)));
  return Object.fromEntries(
    tree.children.flatMap((children, parent) => children.map((child) => [name(child), name(parent)])),
  );
}

describe('successors of a block', () => {
  test('are in the order of goesTo, and -1 outside', () => {
    expect(blockSuccessors(regionOfGraph([[1, 9], [2], [], [1, 0]], [0]))).toEqual([[1, -1], [2], [], [1, 0]]);
  });
});

describe('dominators', () => {
  test('of a diamond: what is before it dominates what is behind', () => {
    const diamond = flow([[1, 2], [3], [3], []]);
    expect(dominators(diamond)).toEqual({ 0: 'root', 1: '0', 2: '0', 3: '0' });
    expect(diamond.tree.forward.slice(0, 4)).toEqual([1, 1, 1, 2]);
    expect(headers([[1, 2], [3], [3], []], diamond)).toEqual([]);
  });

  test('of a line with a second entry behind it', () => {
    expect(dominators(flow([[1], [2], []], [0, 2]))).toEqual({ 0: 'root', 1: '0', 2: 'root' });
  });

  test('leave out what is not reached', () => {
    const { tree } = flow([[2], [2], []]);
    expect(tree.order.map((order) => order >= 0)).toEqual([true, false, true, true]);
  });

  test('come before what they dominate', () => {
    const { tree } = flow([[1, 4], [2, 3], [1], [4], []]);
    tree.children.forEach((children, parent) =>
      children.forEach((child) => expect(tree.order[parent]).toBeLessThan(tree.order[child])),
    );
  });
});

describe('loops', () => {
  test.each<[string, Graph, number[]]>([
    ['none', [[1, 2], [2], []], []],
    ['of one block', [[1], [1, 2], []], [1]],
    ['of several blocks', [[1], [2, 3], [1], []], [1]],
    ['nested', [[1], [2], [2, 3], [1, 4], []], [1, 2]],
    ['that share a header', [[1], [2, 3], [1], [1, 4], []], [1]],
    ['one behind the other', [[0, 1], [1, 2], []], [0, 1]],
    ['that never end', [[1], [0]], [0]],
  ])('%s', (_, graph, expected) => {
    const found = flow(graph);
    expect(headers(graph, found)).toEqual(expected);
    expect(cutEdges(graph, found)).toEqual([]);
    expect(found.dispatches.size).toBe(0);
  });
});

/** Three loops in each other: 1 to 7, 2 to 6, 3 to 5. */
const NESTED: Graph = [[1], [2], [3], [4], [5], [3, 6], [2, 7], [1, 8], []];

describe('entries inside of loops', () => {
  test('come by a dispatch before each header around them', () => {
    const found = flow(NESTED, [0, 4]);
    expect([...found.dispatches.keys()].sort()).toEqual([1, 2, 3]);
    const [first, second, third] = [1, 2, 3].map((header) => nodeOf(found, header));
    const hop = (node: number): number | undefined => found.routes.get(node)?.get(1);
    expect([found.root, first, second, third].map(hop)).toEqual([first, second, third, 4]);
    expect(cutEdges(NESTED, found)).toEqual([]);
  });

  test('at a header need none before that', () => {
    const found = flow(NESTED, [0, 2]);
    expect([...found.dispatches.keys()]).toEqual([1]);
    expect(found.routes.get(nodeOf(found, 1))?.get(1)).toBe(2);
  });

  test('at a header that has one for another entry come by it', () => {
    for (const entries of [
      [0, 2, 4],
      [0, 4, 2],
    ]) {
      const found = flow(NESTED, entries);
      expect(found.routes.get(nodeOf(found, 1))?.get(entries.indexOf(2))).toBe(nodeOf(found, 2));
    }
  });

  test('leave no second way into a loop', () => {
    const found = flow(NESTED, [0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect(cutEdges(NESTED, found)).toEqual([]);
    // With the dispatches as headers, an edge back leads to a node that dominates where it comes from.
    expect(backwards(found)).toEqual([]);
  });
});

/** Edges against the order whose target does not dominate where they come from: structured code has no word for them. */
function backwards({ successors, tree }: Flow): string[] {
  const parent = new Map(tree.children.flatMap((children, node) => children.map((child) => [child, node] as const)));
  const dominates = (a: number, b: number | undefined): boolean =>
    b !== undefined && (a === b || dominates(a, parent.get(b)));
  return successors.flatMap((to, from) =>
    tree.order[from] < 0
      ? []
      : to
          .filter((node) => tree.order[node] <= tree.order[from] && !dominates(node, from))
          .map((node) => `${from} to ${node}`),
  );
}

describe('second entries of loops', () => {
  test('are cut, one edge of each', () => {
    const graph: Graph = [[1, 2], [2, 3], [1, 3], []];
    const found = flow(graph);
    const cut = cutEdges(graph, found);
    expect(cut).toHaveLength(1);
    expect(['1 to 2', '2 to 1']).toContain(cut[0]);
    expect(found.tree.order.slice(0, 4).every((order) => order >= 0)).toBe(true);
  });

  test('are not cut when they are entries of the region', () => {
    const graph: Graph = [[1], [2], [1, 3], []];
    expect(cutEdges(graph, flow(graph, [0, 2]))).toEqual([]);
  });

  test('are not cut when the region begins within a loop whose head is reached from another entry', () => {
    const graph: Graph = [[1, 2], [2], [0, 4], [0], []];
    expect(cutEdges(graph, flow(graph, [2, 3]))).toEqual([]);
  });

  test('are cut in loops within loops', () => {
    // 2 and 3 are entered both from 1; 1 to 4 is a loop of its own.
    const graph: Graph = [[1], [2, 3], [3, 4], [2, 4], [1, 5], []];
    const found = flow(graph);
    expect(cutEdges(graph, found)).toHaveLength(1);
    expect(headers(graph, found)).toContain(1);
  });
});

describe('structured code', () => {
  const bits = (text: string): boolean[] => [...text].map((bit) => bit === '1');
  const run = (graph: Graph, entries: readonly number[], entry: number, script: string): Walk =>
    new GraphRunner(graph, entries).run(entry, bits(script));

  test('runs a diamond by both ways', () => {
    const graph: Graph = [[1, 2], [3], [3], []];
    expect(run(graph, [0], 0, '1')).toEqual({ log: [0, 1, 3], left: undefined });
    expect(run(graph, [0], 0, '0')).toEqual({ log: [0, 2, 3], left: undefined });
  });

  test('runs loops in each other, entered in the innermost', () => {
    // Once around the innermost, once around the next, then out of all.
    const { log, left } = run(NESTED, [0, 4], 1, '01000000000');
    expect(log).toEqual([4, 5, 3, 4, 5, 6, 7, 8]);
    expect(left).toBeUndefined();
  });

  test('is left at an edge that leads out, or was cut', () => {
    expect(run([[1, 7], []], [0], 0, '0')).toEqual({ log: [0], left: 7 });
    const graph: Graph = [[1, 2], [2, 3], [1, 3], []];
    const [from, to] = cutEdges(graph, flow(graph))[0].split(' to ').map(Number);
    // 0 leads to 1 if the bit is set; both go on to each other if theirs is.
    expect(run(graph, [0], 0, from === 1 ? '11' : '01')).toEqual({ log: [0, from], left: to });
  });
});

/** Graphs in which a block goes to none, one or two, some of them outside. */
const graphs = (most: number): fc.Arbitrary<Graph> =>
  fc
    .integer({ min: 1, max: most })
    .chain((count) => fc.array(fc.array(fc.nat(count), { maxLength: 2 }), { minLength: count, maxLength: count }));

/** Loops and branches within each other, as compilers make them. */
type Part = { readonly kind: 'block' } | { readonly kind: 'loop' | 'if'; readonly inner: readonly Part[] };

const partsWithin: fc.Memo<readonly Part[]> = fc.memo((depth) => {
  const block = fc.constant<Part>({ kind: 'block' });
  const part: fc.Arbitrary<Part> =
    depth <= 1
      ? block
      : fc.oneof(
          block,
          fc.record({ kind: fc.constantFrom('loop' as const, 'if' as const), inner: partsWithin(depth - 1) }),
        );
  return fc.array(part, { minLength: 1, maxLength: 3 });
});
const structuredGraphs = partsWithin(4).map(graphOfParts);

function graphOfParts(parts: readonly Part[]): Graph {
  const graph: number[][] = [];
  const lay = (part: Part): void => {
    const begin = graph.length;
    if (part.kind === 'block') graph.push([begin + 1]);
    else if (part.kind === 'loop') {
      part.inner.forEach(lay);
      graph.push([begin, graph.length + 1]);
    } else {
      graph.push([]);
      part.inner.forEach(lay);
      graph[begin] = [begin + 1, graph.length];
    }
  };
  parts.forEach(lay);
  graph.push([]);
  return graph;
}

const scripts = fc.array(fc.boolean(), { minLength: STEPS, maxLength: STEPS });
const seeded = { seed: 20_260, numRuns: 300 };

/** Runs the code from `first`; wherever it is left, the graph is walked to the next entry, where the code is run again. */
function runFrom(
  runner: GraphRunner,
  graph: Graph,
  entries: readonly number[],
  first: number,
  script: readonly boolean[],
): number[] {
  const log: number[] = [];
  for (let at: number | undefined = first; at !== undefined && at in graph && log.length < STEPS;) {
    const rest = script.slice(log.length);
    if (entries.includes(at)) {
      const { log: part, left }: Walk = runner.run(entries.indexOf(at), rest);
      log.push(...part);
      at = left;
    } else {
      const [target, end]: readonly number[] = graph[at];
      log.push(at);
      at = end === undefined || rest[0] === true ? target : end;
    }
  }
  return log.slice(0, STEPS);
}

const entriesOf = (graph: Graph, picks: readonly number[]): number[] => [
  ...new Set(picks.map((pick) => pick % graph.length)),
];

describe('of random graphs, entered at each entry,', () => {
  const picks = fc.array(fc.nat(1000), { minLength: 1, maxLength: 6 });

  const takesThePath = (graph: Graph, chosen: readonly number[], script: readonly boolean[]): void => {
    const entries = entriesOf(graph, chosen);
    const runner = new GraphRunner(graph, entries);
    expect(backwards(runner.flow)).toEqual([]);
    expect(new Set(runner.emitted).size).toBe(runner.emitted.length);
    for (const first of entries)
      expect(runFrom(runner, graph, entries, first, script)).toEqual(walk(graph, first, script));
  };

  test('structured code takes the path of the graph, and has each node once', () => {
    fc.assert(fc.property(graphs(12), picks, scripts, takesThePath), seeded);
  });

  test('that of loops and branches does too, and nothing of them is cut', () => {
    fc.assert(
      fc.property(structuredGraphs, picks, scripts, (graph, chosen, script) => {
        takesThePath(graph, chosen, script);
        expect(cutEdges(graph, flow(graph, entriesOf(graph, chosen)))).toEqual([]);
      }),
      seeded,
    );
  });

  test('nothing is cut of what has no loops', () => {
    fc.assert(
      fc.property(graphs(12), picks, (graph, chosen) => {
        const forward = graph.map((to, from) => to.filter((block) => block > from));
        expect(cutEdges(forward, flow(forward, entriesOf(forward, chosen)))).toEqual([]);
      }),
      seeded,
    );
  });
});
