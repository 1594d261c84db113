/**
 * The flow of control through a region, made such that structured code can express it: every loop is entered at its
 * header alone.
 *
 * Nodes are the blocks, by number; behind them `root`, from which all entries are reached; behind that, dispatches, and
 * copies of blocks. An entry in a loop other than its header is reached by way of the dispatches before the headers of
 * the loops around it (Ramsey, "Beyond Relooper", ICFP 2022, takes it from there: see structure.ts). An edge that enters
 * a loop elsewhere is cut: there the region is left, and entered anew.
 */
import { blockNumbers, Ending, goesTo, type Region } from './region.ts';

export interface Flow {
  readonly root: number;
  /** Of each node, without the edges that were cut. */
  readonly successors: readonly (readonly number[])[];
  /** For a header of a loop: the node before it that leads to entries inside. */
  readonly dispatches: ReadonlyMap<number, number>;
  /** Of blocks of loops that run in strips: the copy. See {@link copyLoops}. */
  readonly copies: ReadonlyMap<number, number>;
  /** For `root` and each dispatch: by entry, the node that leads there. */
  readonly routes: ReadonlyMap<number, ReadonlyMap<number, number>>;
  readonly tree: DominatorTree;
  /** Of each block, the headers of the loops that it is in, innermost first. */
  readonly loops: readonly (readonly number[])[];
}

export interface DominatorTree {
  /** Place in reverse postorder; -1 for what is not reached. */
  readonly order: readonly number[];
  readonly children: readonly (readonly number[])[];
  /** How many edges lead to a node from before it; one more where a table of jumps does. */
  readonly forward: readonly number[];
  readonly isHeader: readonly boolean[];
}

/** The block that a node stands for: a dispatch for the header behind it, a copy for what it is a copy of. */
export function blockOf(
  { root, dispatches, copies }: Pick<Flow, 'root' | 'dispatches' | 'copies'>,
  node: number,
): number {
  if (node <= root) return node;
  for (const nodes of [dispatches, copies]) for (const [block, other] of nodes) if (other === node) return block;
  throw new Error(`there is no node ${node}`);
}

/** The blocks that control may go on to, by number; -1 for what is outside. */
export function blockSuccessors(region: Region): number[][] {
  const numbers = blockNumbers(region);
  return region.blocks.map((block) => goesTo(block).map((offset) => numbers.get(offset) ?? -1));
}

export function flowOf(region: Region): Flow {
  const count = region.blocks.length;
  const numbers = blockNumbers(region);
  const entries = region.entries.map((offset) => numbers.get(offset) as number);
  const successors = blockSuccessors(region).map((to) => to.filter((block) => block >= 0));
  const root = count;
  // The first of those that reach each other is a root, wherever the region was asked for: loops around loops begin before
  // them. Twice, from the last on: what another of them reaches is no root, or it would be a second entry of some loop.
  const ordered = entries.toSorted((a, b) => a - b);
  successors.push(rootsOf(successors, rootsOf(successors, ordered).reverse()));
  cutSecondEntries(successors, root);
  const loops = new Loops(successors, root);

  const dispatches = new Map<number, number>();
  const routes = new Map<number, Map<number, number>>([[root, new Map()]]);
  const route = (from: number, entry: number, to: number): void => void routes.get(from)?.set(entry, to);
  entries.forEach((block, entry) => {
    let from = root;
    for (const header of loops.of(block).reverse()) {
      if (header === block) continue;
      const dispatch = dispatches.get(header) ?? count + 1 + dispatches.size;
      dispatches.set(header, dispatch);
      if (!routes.has(dispatch)) routes.set(dispatch, new Map());
      route(from, entry, dispatch);
      from = dispatch;
    }
    route(from, entry, dispatches.get(block) ?? block);
  });
  // A header that got its dispatch later, from an entry further inside, is reached by it as well.
  for (const hops of routes.values()) {
    for (const [entry, to] of hops) hops.set(entry, dispatches.get(to) ?? to);
  }
  const all: number[][] = successors.slice(0, count).map((to) => to.map((block) => dispatches.get(block) ?? block));
  // The first entry has a way of its own.
  const [first, ...others] = routes.get(root)?.values() ?? [];
  all[root] = [first, ...new Set(others)];
  for (const [header, dispatch] of dispatches) {
    all[dispatch] = [
      ...new Set([header, ...[...(routes.get(dispatch)?.values() ?? [])].filter((to) => to !== dispatch)]),
    ];
  }
  const inside = region.blocks.map((_, block) => loops.of(block));
  const tree = dominators(all, root, jumped(region, all));
  return { root, successors: all, dispatches, copies: new Map(), routes, tree, loops: inside };
}

/** Nodes that jumps to registers lead to. */
function jumped({ blocks }: Region, successors: readonly (readonly number[])[]): number[] {
  return blocks.flatMap(({ ending }, i) => (ending === Ending.JUMP_REGISTER ? successors[i] : []));
}

/**
 * Adds a copy of each of these loops, innermost ones: it is entered from the loop's header, and goes on at its own or, as
 * the loop does, at the header's. What leaves the loop leaves the copy as well.
 */
export function copyLoops(
  region: Region,
  flow: Flow,
  loops: readonly { readonly header: number; readonly blocks: readonly number[] }[],
): Flow {
  if (loops.length === 0) return flow;
  const successors = flow.successors.map((to) => [...to]);
  const copies = new Map<number, number>();
  for (const { header, blocks } of loops) {
    for (const block of blocks) copies.set(block, copies.size + flow.successors.length);
    const copyOf = (node: number): number => copies.get(node) as number;
    const begin = flow.dispatches.get(header) ?? header;
    for (const block of blocks) {
      const to = flow.successors[block].flatMap((node) =>
        node === begin ? [copyOf(header), begin] : blocks.includes(node) ? [copyOf(node)] : [node],
      );
      successors.push(to);
    }
    successors[header].push(copyOf(header));
  }
  return { ...flow, successors, copies, tree: dominators(successors, flow.root, jumped(region, successors)) };
}

/** Entries from which, together, everything is reached. */
function rootsOf(successors: readonly (readonly number[])[], entries: readonly number[]): number[] {
  const reached = new Set<number>();
  const roots: number[] = [];
  for (const entry of entries) {
    if (reached.has(entry)) continue;
    roots.push(entry);
    const waiting = [entry];
    for (let block = waiting.pop(); block !== undefined; block = waiting.pop()) {
      if (reached.has(block)) continue;
      reached.add(block);
      waiting.push(...successors[block]);
    }
  }
  return roots;
}

/** Removes edges back to a node that does not dominate where they come from, until there are none. */
function cutSecondEntries(successors: number[][], root: number): void {
  for (;;) {
    const { order, parents } = analyse(successors, root);
    let cut = false;
    successors.forEach((to, from) => {
      if (order[from] < 0) return;
      const kept = to.filter((node) => order[node] > order[from] || dominates(parents, order, node, from));
      if (kept.length === to.length) return;
      successors[from] = kept;
      cut = true;
    });
    if (!cut) return;
  }
}

/** The loops of a graph in which each has one header. */
class Loops {
  /** Header of the innermost loop that a node is in; a header is in its own. */
  readonly #innermost: number[];
  /** Header of the next loop outside, by header. */
  readonly #outside = new Map<number, number>();

  constructor(successors: readonly (readonly number[])[], root: number) {
    const { order, nodes } = analyse(successors, root);
    const before: number[][] = successors.map(() => []);
    successors.forEach((to, from) => to.forEach((node) => order[from] >= 0 && before[node].push(from)));
    this.#innermost = successors.map(() => -1);
    // Innermost headers come last in the order, so they claim their nodes first.
    for (const header of [...nodes].reverse()) {
      const latches = before[header].filter((from) => order[from] >= order[header]);
      if (latches.length === 0) continue;
      this.#innermost[header] = header;
      const waiting = latches.filter((node) => node !== header);
      const seen = new Set([header]);
      for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
        if (seen.has(node)) continue;
        seen.add(node);
        const inner = this.#innermost[node];
        if (inner < 0) this.#innermost[node] = header;
        else if (inner !== header) {
          const outermost = this.#outermost(inner);
          if (outermost !== header) this.#outside.set(outermost, header);
        }
        waiting.push(...before[node]);
      }
    }
  }

  /** Headers of the loops that a node is in, innermost first: of its own, if it is one. */
  of(node: number): number[] {
    const headers: number[] = [];
    for (let at: number | undefined = this.#innermost[node]; at !== undefined && at >= 0; at = this.#outside.get(at)) {
      headers.push(at);
    }
    return headers;
  }

  #outermost(header: number): number {
    let at = header;
    for (let next = this.#outside.get(at); next !== undefined; next = this.#outside.get(at)) at = next;
    return at;
  }
}

interface Analysis {
  readonly order: number[];
  /** In reverse postorder. */
  readonly nodes: number[];
  /** Immediate dominators. */
  readonly parents: number[];
}

/** Cooper, Harvey and Kennedy, "A Simple, Fast Dominance Algorithm". */
function analyse(successors: readonly (readonly number[])[], root: number): Analysis {
  const order: number[] = successors.map(() => -1);
  const nodes: number[] = [];
  const seen = new Set([root]);
  const path: { node: number; next: number }[] = [{ node: root, next: 0 }];
  while (path.length > 0) {
    const top = path[path.length - 1];
    const to = successors[top.node];
    if (top.next < to.length) {
      const node = to[top.next++];
      if (!seen.has(node)) {
        seen.add(node);
        path.push({ node, next: 0 });
      }
    } else {
      nodes.push(top.node);
      path.pop();
    }
  }
  nodes.reverse();
  nodes.forEach((node, i) => (order[node] = i));
  const before: number[][] = successors.map(() => []);
  for (const from of nodes) for (const to of successors[from]) before[to].push(from);
  const parents: number[] = successors.map(() => -1);
  parents[root] = root;
  for (let changed = true; changed;) {
    changed = false;
    for (const node of nodes) {
      if (node === root) continue;
      let parent = -1;
      for (const from of before[node]) {
        if (parents[from] < 0) continue;
        parent = parent < 0 ? from : common(parents, order, parent, from);
      }
      if (parents[node] !== parent) {
        parents[node] = parent;
        changed = true;
      }
    }
  }
  return { order, nodes, parents };
}

function common(parents: readonly number[], order: readonly number[], a: number, b: number): number {
  let [x, y] = [a, b];
  while (x !== y) {
    while (order[x] > order[y]) x = parents[x];
    while (order[y] > order[x]) y = parents[y];
  }
  return x;
}

function dominates(parents: readonly number[], order: readonly number[], a: number, b: number): boolean {
  let at = b;
  while (order[at] > order[a]) at = parents[at];
  return at === a;
}

/** `jumped`: nodes that must have a label to branch to. */
function dominators(
  successors: readonly (readonly number[])[],
  root: number,
  jumped: readonly number[],
): DominatorTree {
  const { order, nodes, parents } = analyse(successors, root);
  const children: number[][] = successors.map(() => []);
  const forward: number[] = successors.map(() => 0);
  const isHeader: boolean[] = successors.map(() => false);
  for (const node of nodes) {
    if (node !== root) children[parents[node]].push(node);
    for (const to of successors[node]) {
      if (order[to] > order[node]) forward[to]++;
      else isHeader[to] = true;
    }
  }
  for (const node of jumped) forward[node]++;
  return { order, children, forward, isHeader };
}
