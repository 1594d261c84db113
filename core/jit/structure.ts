/**
 * Emits the nodes of a flow as structured code (Ramsey, "Beyond Relooper", ICFP 2022): a loop for each header, and a
 * block around each subtree of the dominator tree whose end is a place where paths meet.
 */
import type { FunctionBuilder, Label } from '../wasm/function.ts';
import type { Flow } from './flow.ts';

/** Ways from a node to others. */
export interface Ways {
  /** Emits going on at a node. */
  readonly go: (to: number) => void;
  /** Where a branch to a node goes that a table of jumps leads to. */
  readonly label: (to: number) => Label;
}

/** Emits a node; it ends by going on, on each of its paths that stays within the flow. */
export type EmitNode = (node: number, ways: Ways) => void;

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
    if (last === undefined) {
      return this.#emitNode(node, {
        go: (to) => this.#go(node, to),
        label: (to) => {
          const label = this.#label(node, to);
          if (!label) throw new Error('a table of jumps leads to a node without a label');
          return label;
        },
      });
    }
    this.#f.block(`to${last}`, (label) => {
      this.#blocks.set(last, label);
      this.#within(node, others);
    });
    this.tree(last);
  }

  #label(from: number, to: number): Label | undefined {
    const { order } = this.#flow.tree;
    if (order[to] <= order[from]) return this.#loops.get(to);
    return this.#isMeeting(to) ? this.#blocks.get(to) : undefined;
  }

  #go(from: number, to: number): void {
    const label = this.#label(from, to);
    if (label) this.#f.br(label);
    else this.tree(to);
  }

  #isMeeting(node: number): boolean {
    return this.#flow.tree.forward[node] > 1;
  }
}
