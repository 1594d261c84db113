/** Compiles regions: each becomes a function of a module, over the same semantics as the interpreter. */
import { HartFields, relativeParts, type HartParts } from '../hart/fields.ts';
import { REGION } from '../hart/links.ts';
import type { MemoryMap } from '../shared/memory-map.ts';
import type { Expr } from '../wasm/expr.ts';
import type { FunctionBuilder } from '../wasm/function.ts';
import { ModuleBuilder } from '../wasm/module.ts';
import { groupAccesses } from './access-groups.ts';
import { blockSuccessors, flowOf, type Flow } from './flow.ts';
import { isPolled, livenessOf, type BlockLiveness } from './liveness.ts';
import { ALL_PASSES, type Passes } from './passes.ts';
import { Ending, isCall, type Region } from './region.ts';
import { RegionEmitter, type BlockContext } from './region-emitter.ts';
import { RegionFrame } from './region-frame.ts';
import { isFloat, NO_REGISTERS, type RegisterSet } from './registers.ts';
import { RegionRoutines } from './routines.ts';
import { emitStructured } from './structure.ts';

/** How compiled code finds the hart's state. */
export interface Place {
  readonly parts: HartParts;
  /** The state is at the address that functions are given, and they serve all harts. */
  readonly takesBase: boolean;
}

/** Code for hart `hart` alone, at constant addresses. */
export function placeOf(map: MemoryMap, hart: number): Place {
  return { parts: map.harts[hart], takesBase: false };
}

/** Code for all harts of the machine. */
export function sharedPlace(map: MemoryMap): Place {
  return { parts: relativeParts(map.harts[0]), takesBase: true };
}

const PARAMETERS = { entry: 'i32', depth: 'i32', base: 'i32' } as const;

/** A module of compiled regions in the making. See core/hart/links.ts for what its functions take and return. */
export class RegionModule {
  readonly #module: ModuleBuilder;
  readonly #routines: RegionRoutines;
  readonly #fieldsAt: (base: Expr) => HartFields;
  readonly #passes: Passes;

  constructor(map: MemoryMap, { parts, takesBase }: Place, passes = ALL_PASSES) {
    this.#module = new ModuleBuilder(map.total / 0x1_0000);
    this.#fieldsAt = (base) => new HartFields(parts, takesBase ? base : undefined);
    this.#routines = new RegionRoutines(this.#module, this.#fieldsAt);
    this.#passes = passes;
  }

  /** Adds the function of a region, exported as `name`. */
  add(name: string, region: Region): FunctionBuilder {
    const typed = this.#module.function(name, PARAMETERS, REGION.results);
    const f = typed as unknown as FunctionBuilder;
    const frame = new RegionFrame(
      f,
      typed.args,
      this.#fieldsAt(typed.args.base),
      this.#routines,
      this.#passes,
      hasFloat(region),
    );
    new RegionBuilder(frame, region).build();
    this.#module.export(f);
    return f;
  }

  encode(): Uint8Array<ArrayBuffer> {
    return this.#module.encode();
  }
}

class RegionBuilder {
  readonly #frame: RegionFrame;
  readonly #region: Region;
  readonly #flow: Flow;
  readonly #liveness: readonly BlockLiveness[];
  readonly #leavesAtEnd: readonly boolean[];
  readonly #numbers: ReadonlyMap<number, number>;

  constructor(frame: RegionFrame, region: Region) {
    this.#frame = frame;
    this.#region = region;
    this.#numbers = new Map(region.blocks.map(({ offset }, i) => [offset, i]));
    this.#flow = flowOf(region);
    this.#leavesAtEnd = blockSuccessors(region).map((to, block) => {
      const { ending } = region.blocks[block];
      const isEnd = ending === Ending.JUMP_REGISTER || ending === Ending.INTERPRET;
      return isEnd || to.some((next) => !this.#leadsTo(block, next));
    });
    this.#liveness = livenessOf(region, this.#flow, this.#leavesAtEnd);
  }

  build(): void {
    const { f } = this.#frame;
    this.#frame.withStubs(this.#stubSets(), () => {
      const route = this.#flow.dispatches.size > 0 ? this.#frame.f.lastingLocal('i32') : undefined;
      emitStructured(f, this.#flow, (node, go) => {
        if (node === this.#flow.root) this.#root(go, route);
        else if (node > this.#flow.root) this.#dispatch(node, go, route as NonNullable<typeof route>);
        else this.#block(node, go);
      });
    });
    const entries = this.#region.entries.map((offset) => this.#numbers.get(offset) as number);
    this.#frame.finish(entries.reduce((set, block) => set | this.#liveness[block].live, NO_REGISTERS));
  }

  /** The register sets that are stored by who leaves otherwise than inline. */
  #stubSets(): RegisterSet[] {
    const sets = new Set<RegisterSet>();
    this.#liveness.forEach(({ leaving, ending, dirty }, block) => {
      sets.add(leaving);
      if (this.#leavesAtEnd[block]) sets.add(ending);
      if (isPolled(this.#flow, block)) sets.add(dirty);
    });
    return [...sets];
  }

  #leadsTo(block: number, next: number): boolean {
    return next >= 0 && this.#flow.successors[block].includes(this.#nodeOf(next));
  }
  /** The node by which a block is reached from others. */
  #nodeOf(block: number): number {
    return this.#flow.dispatches.get(block) ?? block;
  }

  // --- nodes that are no block -----------------------------------------------------------------------------------------

  #root(go: (to: number) => void, route: ReturnType<FunctionBuilder['local']> | undefined): void {
    const { f, args, registers } = this.#frame;
    const routes = [...(this.#flow.routes.get(this.#flow.root) ?? [])];
    if (route) f.set(route, args.entry.add(1));
    const hops = [...new Set(routes.map(([, to]) => to))];
    hops.forEach((hop, i) => {
      registers.beginBlock();
      if (i === hops.length - 1) return go(hop);
      const entries = routes.filter(([, to]) => to === hop).map(([entry]) => entry);
      f.if(anyOf(args.entry, entries), () => go(hop));
    });
  }

  #dispatch(node: number, go: (to: number) => void, route: ReturnType<FunctionBuilder['local']>): void {
    const { f } = this.#frame;
    const [header] = [...this.#flow.dispatches].find(([, dispatch]) => dispatch === node) as [number, number];
    const routes = [...(this.#flow.routes.get(node) ?? [])];
    const { registers } = this.#frame;
    f.ifUnlikely(route, () => {
      for (const hop of new Set(routes.map(([, to]) => to))) {
        registers.beginBlock();
        const entries = routes.filter(([, to]) => to === hop).map(([entry]) => entry + 1);
        f.if(anyOf(route, entries), () => {
          if (hop < this.#flow.root) f.set(route, 0);
          go(hop);
        });
      }
      f.set(route, 0);
    });
    registers.beginBlock();
    this.#frame.poll(this.#liveness[header], this.#region.blocks[header]);
    go(header);
  }

  // --- blocks ----------------------------------------------------------------------------------------------------------

  #block(number: number, go: (to: number) => void): void {
    const { registers, f } = this.#frame;
    const block = this.#region.blocks[number];
    const liveness = this.#liveness[number];
    // Where paths meet, what was known on one of them is not.
    if (this.#flow.tree.forward[number] > 1 || this.#flow.tree.isHeader[number]) registers.beginBlock();
    if (this.#flow.tree.isHeader[number]) this.#frame.poll(liveness, block);
    let ended = false;
    const endOnce = (end: () => void): void => {
      ended = true;
      this.#frame.retire(block.instructions.length);
      end();
    };
    const context: BlockContext = {
      frame: this.#frame,
      leaving: liveness.leaving,
      floatIsDirty: liveness.floatIsDirty,
      modeIsValid: false,
      accesses: groupAccesses(block.instructions, this.#frame.passes.groups),
      places: new Map(),
      ends: {
        branch: (condition) => endOnce(() => this.#branch(number, condition, go)),
        jump: (target) => endOnce(() => this.#jump(number, target, go)),
      },
    };
    block.instructions.forEach((here, before) => {
      const emitter = new RegionEmitter(context, here, before);
      f.scope(() => {
        here.instruction.execute(emitter);
        emitter.finish();
      });
    });
    if (ended) return;
    this.#frame.retire(block.instructions.length);
    if (block.ending === Ending.INTERPRET) this.#frame.leave(liveness.ending, block.end, 0);
    else this.#goTo(number, block.end, go);
  }

  #branch(number: number, condition: Expr, go: (to: number) => void): void {
    const { target, end } = this.#region.blocks[number];
    const { node } = condition;
    if (node.kind === 'const') return this.#goTo(number, node.value ? target : end, go);
    const { registers, f } = this.#frame;
    const known = registers.known();
    const otherwise = (): void => {
      registers.setKnown(known);
      this.#goTo(number, end, go);
    };
    f.if(condition, () => this.#goTo(number, target, go), otherwise);
  }

  #jump(number: number, target: Expr, go: (to: number) => void): void {
    const block = this.#region.blocks[number];
    const { ending } = this.#liveness[number];
    if (block.ending === Ending.JUMP) return this.#goTo(number, block.target, go);
    const back = this.#numbers.get(block.end);
    if (!isCall(block) || back === undefined || !this.#leadsTo(number, back)) return this.#frame.exitTo(ending, target);
    this.#frame.call(ending, target, block.end, this.#liveness[back].live);
    go(this.#nodeOf(back));
  }

  /** From the end of a block to an offset, in the region or out of it. */
  #goTo(number: number, offset: number, go: (to: number) => void): void {
    const to = this.#numbers.get(offset);
    if (to === undefined || !this.#leadsTo(number, to)) return this.#frame.exit(this.#liveness[number].ending, offset);
    this.#frame.registers.materialize(this.#liveness[to].live);
    go(this.#nodeOf(to));
  }
}

function hasFloat({ blocks }: Region): boolean {
  return blocks.some(({ instructions }) => instructions.some(({ decoded }) => isFloat(decoded)));
}

function anyOf(value: Expr, candidates: readonly number[]): Expr {
  return candidates.map((candidate) => value.eq(candidate)).reduce((a, b) => a.or(b));
}
