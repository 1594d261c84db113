/**
 * Emits the nodes of a flow as structured code (Ramsey, "Beyond Relooper", ICFP 2022): a loop for each header, and a
 * block around each subtree of the dominator tree whose end is a place where paths meet.
 */
import type { FunctionBuilder, Label } from '../wasm/function.ts';
import type { Flow } from './flow.ts';

/** Emits a node; it ends by calling `go` on each of its paths that stays within the flow. */
export type EmitNode = (node: number, go: (to: number) => void) => void;

export function emitStructured(f: FunctionBuilder, flow: Flow, emitNode: EmitNode): void {
  new Structure(f, flow, emitNode).tree(flow.root);
}

class Structure {
  readonly #f: FunctionBuilder;
  readonly #flow: Flow;
  readonly #emitNode: EmitNode;
  /** Where a branch to a node goes: to the top of its loop, or to the end of the block before it. */
  readonly #loops = new Map<number, Label>();
  readonly #blocks = new Map<number, Label>();

  constructor(f: FunctionBuilder, flow: Flow, emitNode: EmitNode) {
    this.#f = f;
    this.#flow = flow;
    this.#emitNode = emitNode;
  }

  /** A node and all that it dominates. */
  tree(node: number): void {
    const { children, isHeader, order } = this.#flow.tree;
    const meetings = children[node].filter((child) => this.#isMeeting(child)).sort((a, b) => order[b] - order[a]);
    if (!isHeader[node]) return this.#within(node, meetings);
    this.#f.loop(`loop${node}`, (label) => {
      this.#loops.set(node, label);
      this.#within(node, meetings);
    });
  }

  #within(node: number, meetings: readonly number[]): void {
    const [last, ...others] = meetings;
    if (last === undefined) return this.#emitNode(node, (to) => this.#go(node, to));
    this.#f.block(`to${last}`, (label) => {
      this.#blocks.set(last, label);
      this.#within(node, others);
    });
    this.tree(last);
  }

  #go(from: number, to: number): void {
    const { order } = this.#flow.tree;
    const label =
      order[to] <= order[from] ? this.#loops.get(to) : this.#isMeeting(to) ? this.#blocks.get(to) : undefined;
    if (label) this.#f.br(label);
    else this.tree(to);
  }

  #isMeeting(node: number): boolean {
    return this.#flow.tree.forward[node] > 1;
  }
}
