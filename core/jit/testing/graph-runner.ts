/**
 * Runs the structured code of a graph: each block appends its number to a log and goes on as the next word of a script
 * says. What is written here around the blocks is what emit-region.ts writes around those of guest code.
 */
import { access, type Local } from '../../wasm/expr.ts';
import type { FunctionBuilder } from '../../wasm/function.ts';
import { ModuleBuilder } from '../../wasm/module.ts';
import { flowOf, type Flow } from '../flow.ts';
import { emitStructured } from '../structure.ts';
import { nodeOf, regionOfGraph, type Graph } from './graph.ts';

/** Blocks that are run at most; then the code ends. */
export const STEPS = 60;

/** Where in the memory the script and the log are, and how many blocks the log has. */
const [SCRIPT, LOG, COUNT] = [0, 1024, 2048];
const ENDED = -1;

/** Shared, as the builder wants it; cleared for each run. */
const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
const bytes = new Uint8Array(memory.buffer);

export interface Walk {
  /** Blocks in the order in which they were run. */
  readonly log: readonly number[];
  /** The block that the code was left for, in or out of the graph; `undefined` where the path ends. */
  readonly left: number | undefined;
}

export class GraphRunner {
  readonly flow: Flow;
  /** The nodes in the order in which they were emitted. */
  readonly emitted: readonly number[];
  readonly #run: (entry: number) => number;

  constructor(graph: Graph, entries: readonly number[]) {
    this.flow = flowOf(regionOfGraph(graph, entries));
    const module = new ModuleBuilder(1);
    const { f, emitted } = new Emitter(module, graph, this.flow);
    module.export(f);
    this.emitted = emitted;
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.encode()), { env: { memory } });
    this.#run = exports['run'] as (entry: number) => number;
  }

  /** Runs from the entry with this number (not that of its block). */
  run(entry: number, script: readonly boolean[]): Walk {
    bytes.fill(0);
    bytes.set(script.map(Number), SCRIPT);
    const left = this.#run(entry);
    return { log: [...bytes.subarray(LOG, LOG + bytes[COUNT])], left: left === ENDED ? undefined : left };
  }
}

class Emitter {
  readonly f: FunctionBuilder<{ entry: 'i32' }>;
  readonly emitted: number[] = [];
  readonly #graph: Graph;
  readonly #flow: Flow;
  /** Blocks so far. */
  readonly #step: Local;
  /** The entry that is on its way into loops, plus 1. */
  readonly #route: Local;

  constructor(module: ModuleBuilder, graph: Graph, flow: Flow) {
    this.f = module.function('run', { entry: 'i32' }, ['i32']);
    this.#graph = graph;
    this.#flow = flow;
    this.#step = this.f.lastingLocal('i32');
    this.#route = this.f.lastingLocal('i32');
    emitStructured(this.f, flow, (node, { go }) => {
      this.emitted.push(node);
      if (node === flow.root) this.#root(go);
      else if (node > flow.root) this.#dispatch(node, go);
      else this.#block(node, go);
    });
    this.f.unreachable();
  }

  #root(go: (to: number) => void): void {
    this.f.set(this.#route, this.f.args.entry.add(1));
    this.#follow(this.#flow.root, go);
    this.f.unreachable();
  }

  #dispatch(node: number, go: (to: number) => void): void {
    const header = [...this.#flow.dispatches].find(([, dispatch]) => dispatch === node)?.[0] ?? NaN;
    this.f.if(this.#route, () => this.#follow(node, go));
    this.f.set(this.#route, 0);
    go(header);
  }

  /** Goes on to where the entry is; each node is gone to from one place. */
  #follow(node: number, go: (to: number) => void): void {
    const routes = [...(this.#flow.routes.get(node) ?? [])];
    for (const hop of new Set(routes.map(([, to]) => to))) {
      const entries = routes.filter(([, to]) => to === hop).map(([entry]) => this.#route.eq(entry + 1));
      this.f.if(
        entries.reduce((a, b) => a.or(b)),
        () => {
          if (hop < this.#flow.root) this.f.set(this.#route, 0);
          go(hop);
        },
      );
    }
  }

  #block(block: number, go: (to: number) => void): void {
    const { f } = this;
    f.if(this.#step.geU(STEPS), () => f.return(ENDED));
    f.store('i32.store8', this.#step, LOG, block);
    const decision = f.let(access('i32.load8_u', this.#step, SCRIPT));
    f.set(this.#step, this.#step.add(1));
    f.store('i32.store8', 0, COUNT, this.#step);
    const goOn = (to: number): void => {
      const node = nodeOf(this.#flow, to);
      if (this.#flow.successors[block].includes(node)) go(node);
      else f.return(to);
    };
    const [target, end] = this.#graph[block];
    if (target === undefined) return f.return(ENDED);
    if (end === undefined) return goOn(target);
    f.if(
      decision,
      () => goOn(target),
      () => goOn(end),
    );
  }
}

/** The same by walking the graph. */
export function walk(graph: Graph, from: number, script: readonly boolean[]): readonly number[] {
  const log: number[] = [];
  for (let at: number | undefined = from; at !== undefined && at in graph && log.length < STEPS;) {
    log.push(at);
    const [target, end]: readonly number[] = graph[at];
    at = end === undefined || script[log.length - 1] ? target : end;
  }
  return log;
}
