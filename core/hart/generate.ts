/** Generates the module of one hart: its interpreter and everything that calls. */
import type { MemoryMap } from '../shared/memory-map.ts';
import type { Callee } from '../wasm/expr.ts';
import { ModuleBuilder } from '../wasm/module.ts';
import { defineAttend } from './attend.ts';
import { HartCode } from './code.ts';
import { defineFloat } from './float/index.ts';
import { defineRun } from './interpreter.ts';
import { defineEnter, defineNest } from './links.ts';
import { defineMemory } from './memory.ts';
import { definePmp } from './pmp.ts';
import { definePrivileged } from './privileged.ts';
import { defineTlb } from './tlb.ts';
import { defineTranslate } from './walk.ts';

/** What the module of a hart exports, besides the floating-point routines by their names. */
export interface HartExports extends WebAssembly.Exports {
  run(budget: number): void;
  flush_tlbs(): void;
  update_contexts(): void;
  update_interrupts(): void;
  take_interrupt(): number;
  raise(): void;
  translate(address: bigint, kind: number): number;
  fetch_page(address: bigint): number;
  cache_block(operation: number, address: bigint): void;
}

/** The bytes of the module for hart number `hart` of a machine laid out as `map`. `exact`: see {@link defineRun}. */
export function generateHart(map: MemoryMap, hart: number, exact = false): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder(map.total / 0x1_0000);
  const code = new HartCode(module, map, hart);
  const tlb = defineTlb(code);
  const translate = defineTranslate(code, definePmp(code));
  const privileged = definePrivileged(code, tlb);
  const memory = defineMemory(code, translate);
  const attend = defineAttend(code, privileged.takeInterrupt);
  const float = defineFloat(module, code.map.state);
  module.importTable();
  const enter = defineEnter(code);
  const nest = defineNest(code);
  const run = defineRun(code, { ...privileged, ...memory, tlb, attend, float, enter }, exact);
  const exported = [run, tlb.flushTlbs, tlb.updateContexts, privileged.changes.updateInterrupts];
  for (const callee of [...exported, privileged.takeInterrupt, privileged.raise, translate]) module.export(callee);
  for (const callee of [memory.fetchPage, memory.cacheBlock, memory.loadPlace, memory.storePlace])
    module.export(callee);
  for (const callee of [memory.atomicAddress, memory.reserveAddress, privileged.csr, nest]) module.export(callee);
  for (const [name, callee] of Object.entries<Callee>(float)) module.export(callee, name);
  return module.encode();
}
