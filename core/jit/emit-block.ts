/** Compiles blocks: each becomes a function of a module, over the same semantics as the interpreter. */
import { HartFields, relativeParts, type HartParts } from '../hart/fields.ts';
import type { MemoryMap } from '../shared/memory-map.ts';
import type { FunctionBuilder } from '../wasm/function.ts';
import { ModuleBuilder } from '../wasm/module.ts';
import { BlockEmitter } from './block-emitter.ts';
import { BlockFrame } from './block-frame.ts';
import { removeDeadSets } from './dead-sets.ts';
import { ALL_PASSES, type Passes } from './passes.ts';
import type { Block } from './read-block.ts';
import { RoutineImports } from './routines.ts';

/** How compiled code finds the hart's state. */
export interface Place {
  readonly parts: HartParts;
  /** Functions take the address of the state as their parameter, and serve all harts. */
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

/** A module of compiled blocks in the making. Its functions return one of `BlockExit`. */
export class BlockModule {
  readonly #module: ModuleBuilder;
  readonly #routines: RoutineImports;
  readonly #place: Place;
  readonly #passes: Passes;

  constructor(map: MemoryMap, place: Place, passes = ALL_PASSES) {
    this.#module = new ModuleBuilder(map.total / 0x1_0000);
    this.#routines = new RoutineImports(this.#module);
    this.#place = place;
    this.#passes = passes;
  }

  /** Adds the function of a block, exported as `name`. */
  add(name: string, block: Block): FunctionBuilder {
    const { parts, takesBase } = this.#place;
    const f: FunctionBuilder = this.#module.function(name, takesBase ? { base: 'i32' } : {}, ['i32']);
    const base = takesBase ? f.args['base'] : undefined;
    emitBlock(f, new HartFields(parts, base), this.#routines, block, this.#passes);
    this.#module.export(f);
    return f;
  }

  encode(): Uint8Array<ArrayBuffer> {
    return this.#module.encode();
  }
}

function emitBlock(
  f: FunctionBuilder,
  fields: HartFields,
  routines: RoutineImports,
  block: Block,
  passes: Passes,
): void {
  let frame: BlockFrame | undefined;
  f.block('leave', (wayOut) => {
    frame = new BlockFrame(f, fields, routines, passes, block.mode, wayOut);
    emitInstructions(frame, block);
  });
  frame?.finish();
  if (passes.deadSets) f.transform(removeDeadSets);
}

function emitInstructions(frame: BlockFrame, block: Block): void {
  const { instructions, end } = block;
  const ended = instructions.map((here, before) => {
    const emitter = new BlockEmitter(frame, here, before);
    frame.f.scope(() => here.instruction.execute(emitter));
    return emitter.ended;
  });
  if (!ended.at(-1)) frame.end(instructions.length, () => frame.goTo(frame.address(end)));
}
