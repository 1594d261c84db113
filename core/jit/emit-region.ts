/** Compiles regions: each becomes a function of a module, over the same semantics as the interpreter. */
import { HartFields, relativeParts, type HartParts } from '../hart/fields.ts';
import { REGION } from '../hart/links.ts';
import type { MemoryMap } from '../shared/memory-map.ts';
import type { Expr } from '../wasm/expr.ts';
import type { FunctionBuilder, Label } from '../wasm/function.ts';
import { ModuleBuilder } from '../wasm/module.ts';
import { groupAccesses, type GroupedAccess } from './access-groups.ts';
import { blockOf, blockSuccessors, copyLoops, flowOf, type Flow } from './flow.ts';
import { FloatState, isPolled, livenessOf, type BlockLiveness } from './liveness.ts';
import { ALL_PASSES, type Passes } from './passes.ts';
import { blockNumbers, Ending, isCall, type Region } from './region.ts';
import { RegionEmitter, type BlockContext } from './region-emitter.ts';
import { RegionFrame } from './region-frame.ts';
import { isFloat, NO_REGISTERS, type RegisterSet } from './registers.ts';
import { rememberPages } from './remembered-pages.ts';
import { RegionRoutines } from './routines.ts';
import { selectBranches } from './selects.ts';
import { StripEmitter } from './strip-emitter.ts';
import { findStrips } from './strips.ts';
import { emitStructured, type Ways } from './structure.ts';

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

/** Jumps to a register that are known to lead to more places go by a table. */
const COMPARED_TARGETS = 4;

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
    this.#routines = new RegionRoutines(this.#module);
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
    new RegionBuilder(frame, this.#passes.selects ? selectBranches(region) : region).build();
    this.#module.export(f);
    return f;
  }

  encode(): Uint8Array<ArrayBuffer> {
    return this.#module.encode();
  }
}

/** The end of a block, or of its copy in a strip. */
interface End {
  readonly number: number;
  readonly strip: StripEmitter | undefined;
  readonly ways: Ways;
}

class RegionBuilder {
  readonly #frame: RegionFrame;
  readonly #region: Region;
  readonly #flow: Flow;
  readonly #liveness: readonly BlockLiveness[];
  readonly #leavesAtEnd: readonly boolean[];
  readonly #numbers: ReadonlyMap<number, number>;
  readonly #accesses: readonly ReadonlyMap<number, GroupedAccess>[];
  /** By the loop's header. */
  readonly #strips: ReadonlyMap<number, StripEmitter>;

  constructor(frame: RegionFrame, region: Region) {
    this.#frame = frame;
    this.#region = region;
    this.#numbers = blockNumbers(region);
    const flow = flowOf(region);
    const strips = frame.passes.strips ? findStrips(region, flow) : [];
    this.#flow = copyLoops(region, flow, strips);
    this.#strips = new Map(strips.map((strip) => [strip.header, new StripEmitter(frame, strip)]));
    this.#leavesAtEnd = blockSuccessors(region).map((to, block) => {
      const { ending } = region.blocks[block];
      const isEnd = ending === Ending.JUMP_REGISTER || ending === Ending.INTERPRET;
      return isEnd || to.some((next) => !this.#leadsTo(block, next));
    });
    this.#liveness = livenessOf(region, flow, this.#leavesAtEnd);
    const { groups, pages } = frame.passes;
    this.#accesses = region.blocks.map(({ instructions }) => groupAccesses(instructions, groups));
    if (pages) frame.remember(rememberPages(region, flow, this.#accesses));
  }

  build(): void {
    const { f } = this.#frame;
    this.#frame.withStubs(this.#stubSets(), () => {
      const route = this.#flow.dispatches.size > 0 ? this.#frame.f.lastingLocal('i32') : undefined;
      emitStructured(f, this.#flow, (node, ways) => {
        if (node === this.#flow.root) this.#root(ways, route);
        else if (this.#isDispatch(node)) this.#dispatch(node, ways, route as NonNullable<typeof route>);
        else this.#block(node, ways);
      });
    });
    this.#frame.finish();
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
  #isDispatch(node: number): boolean {
    return this.#flow.dispatches.get(blockOf(this.#flow, node)) === node;
  }
  /** The node by which a block is reached from others. */
  #nodeOf(block: number): number {
    return this.#flow.dispatches.get(block) ?? block;
  }

  // --- nodes that are no block -----------------------------------------------------------------------------------------

  /** Leads from the function's beginning to its entries, each of which has the registers loaded that it needs. */
  #root({ go }: Ways, route: ReturnType<FunctionBuilder['local']> | undefined): void {
    const { f, args, registers } = this.#frame;
    const routes = [...(this.#flow.routes.get(this.#flow.root) ?? [])];
    this.#requireDirty();
    if (route) f.set(route, args.entry.add(1));
    const [first] = routes[0];
    const isFirst = (entry: number): boolean => entry === first;
    const needed = (entries: readonly number[]): RegisterSet =>
      entries.reduce((set, entry) => set | this.#liveness[this.#entryBlock(entry)].live, NO_REGISTERS);
    // The first is taken most; the others share what is loaded.
    const others = routes.map(([entry]) => entry).filter((entry) => !isFirst(entry));
    const enter = (to: number): void => {
      registers.beginBlock();
      go(to);
    };
    const enterFirst = (): void => {
      registers.load(needed([first]));
      enter(routes[0][1]);
    };
    if (others.length === 0) return enterFirst();
    f.if(args.entry.eq(first), enterFirst);
    registers.load(needed(others));
    const hops = [...new Set(routes.filter(([entry]) => !isFirst(entry)).map(([, to]) => to))];
    hops.forEach((hop, i) => {
      if (i === hops.length - 1) return enter(hop);
      const entries = routes.filter(([entry, to]) => to === hop && !isFirst(entry)).map(([entry]) => entry);
      f.if(anyOf(args.entry, entries), () => enter(hop));
    });
  }

  /** Where mstatus.FS will be made Dirty in any case, the code relies on it: mostly it is, and loops need not look. */
  #requireDirty(): void {
    const entries = this.#region.entries.map((_, entry) => entry);
    const dirtying = entries.filter((entry) => this.#liveness[this.#entryBlock(entry)].dirties);
    if (dirtying.length === 0) return;
    this.#frame.requireDirty(dirtying.length < entries.length ? anyOf(this.#frame.args.entry, dirtying) : undefined);
  }

  #entryBlock(entry: number): number {
    return this.#numbers.get(this.#region.entries[entry]) as number;
  }

  #dispatch(node: number, { go }: Ways, route: ReturnType<FunctionBuilder['local']>): void {
    const { f, registers } = this.#frame;
    const header = blockOf(this.#flow, node);
    const routes = [...(this.#flow.routes.get(node) ?? [])];
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

  /** A block, or its copy in a strip. */
  #block(node: number, ways: Ways): void {
    const { registers, f } = this.#frame;
    const number = blockOf(this.#flow, node);
    const strip = node === number ? undefined : this.#stripAround(number);
    const block = this.#region.blocks[number];
    const liveness = this.#liveness[number];
    const isHeader = this.#flow.tree.isHeader[node];
    // Where paths meet, what was known on one of them is not.
    if (this.#flow.tree.forward[node] > 1 || isHeader) registers.beginBlock();
    if (!strip) {
      if (isHeader) this.#frame.poll(liveness, block);
      this.#strips.get(number)?.begin(() => ways.go(this.#flow.copies.get(number) as number));
    }
    const from: End = { number, strip, ways };
    let ended = false;
    const endOnce = (end: () => void): void => {
      ended = true;
      this.#frame.retire(block.instructions);
      end();
    };
    const context: BlockContext = {
      frame: this.#frame,
      leaving: liveness.leaving,
      float: strip ? FloatState.DIRTY : liveness.float,
      modeIsValid: strip !== undefined,
      strip,
      accesses: this.#accesses[number],
      places: new Map(),
      ends: {
        branch: (condition) => {
          if (block.ending === Ending.BRANCH) endOnce(() => this.#branch(from, condition));
          else this.#frame.select(condition);
        },
        jump: (target) => endOnce(() => this.#jump(from, target)),
      },
    };
    block.instructions.forEach((here, before) => {
      // The jump at a side's end leads where the block goes on.
      if (here.whenTaken !== undefined && here.instruction.kind === 'jump') return;
      const emitter = new RegionEmitter(context, here, before);
      f.scope(() => {
        here.instruction.execute(emitter);
        emitter.finish();
      });
    });
    if (ended) return;
    this.#frame.retire(block.instructions);
    if (block.ending === Ending.INTERPRET) this.#frame.leave(liveness.ending, block.end, 0);
    else this.#goTo(from, block.end);
  }

  #branch(from: End, condition: Expr): void {
    const { target, end } = this.#region.blocks[from.number];
    const { node } = condition;
    if (node.kind === 'const') return this.#goTo(from, node.value ? target : end);
    const { registers, f } = this.#frame;
    const known = registers.known();
    const otherwise = (): void => {
      registers.setKnown(known);
      this.#goTo(from, end);
    };
    f.if(condition, () => this.#goTo(from, target), otherwise);
  }

  #jump(from: End, target: Expr): void {
    const { number, ways } = from;
    const block = this.#region.blocks[number];
    const { ending } = this.#liveness[number];
    if (block.ending === Ending.JUMP || block.ending === Ending.ENTER) return this.#goTo(from, block.target);
    if (block.ending === Ending.JUMP_REGISTER) return this.#jumpToRegister(number, target, ways);
    const back = this.#numbers.get(block.end);
    if (!isCall(block) || back === undefined || !this.#leadsTo(number, back)) return this.#frame.exitTo(ending, target);
    this.#frame.call(ending, target, block.end, this.#liveness[back].live);
    ways.go(this.#nodeOf(back));
  }

  /** A jump to a register, by comparisons with where it is known to lead, or by a table of it. */
  #jumpToRegister(number: number, target: Expr, { label }: Ways): void {
    const { f, registers, passes } = this.#frame;
    const { ending } = this.#liveness[number];
    const targets = this.#region.blocks[number].targets.filter((offset) => {
      const to = this.#numbers.get(offset);
      return to !== undefined && this.#leadsTo(number, to);
    });
    if (targets.length > 0 && passes.tables) {
      const blocks = targets.map((offset) => this.#numbers.get(offset) as number);
      registers.materialize(blocks.reduce((set, block) => set | this.#liveness[block].live, NO_REGISTERS));
      const labels = new Map(targets.map((offset, i) => [offset, label(this.#nodeOf(blocks[i]))]));
      const first = Math.min(...targets);
      const distance = f.let(target.sub(this.#frame.address(first)));
      if (targets.length <= COMPARED_TARGETS) {
        for (const [offset, to] of labels) f.brIf(to, distance.eq(offset - first));
      } else emitTable(f, distance, first, labels);
    }
    this.#frame.exitTo(ending, target);
  }

  /** From the end of a block to an offset, in the region or out of it. */
  #goTo({ number, strip, ways }: End, offset: number): void {
    const { f, registers } = this.#frame;
    const to = this.#numbers.get(offset);
    if (to === undefined || !this.#leadsTo(number, to)) return this.#frame.exit(this.#liveness[number].ending, offset);
    registers.materialize(this.#liveness[to].live);
    const copy = strip && this.#stripAround(to) === strip ? this.#flow.copies.get(to) : undefined;
    if (strip && copy !== undefined) {
      if (to !== strip.strip.header) return ways.go(copy);
      f.brIf(ways.label(copy), strip.repeats, 'likely');
    }
    const entered = this.#strips.get(to);
    if (entered && this.#stripAround(number) !== entered) entered.approach();
    ways.go(this.#nodeOf(to));
  }

  /** The strips of the loop that a block is in. */
  #stripAround(block: number): StripEmitter | undefined {
    return this.#strips.get(this.#flow.loops[block][0]);
  }
}

/** Branches by a distance from the first of some offsets to what is labelled, or goes on for any other. */
function emitTable(f: FunctionBuilder, distance: Expr, first: number, labels: ReadonlyMap<number, Label>): void {
  const last = Math.max(...labels.keys());
  f.block('elsewhere', (elsewhere) => {
    f.brIf(elsewhere, distance.gtU(last - first), 'unlikely');
    const places = Array.from({ length: (last - first) / 2 + 1 }, (_, i) => labels.get(first + i * 2) ?? elsewhere);
    f.brTable(distance.wrap().shrU(1), places, elsewhere);
  });
}

function hasFloat({ blocks }: Region): boolean {
  return blocks.some(({ instructions }) => instructions.some(({ decoded }) => isFloat(decoded)));
}

function anyOf(value: Expr, candidates: readonly number[]): Expr {
  return candidates.map((candidate) => value.eq(candidate)).reduce((a, b) => a.or(b));
}
