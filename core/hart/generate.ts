/** Generates the module of one hart: its interpreter and everything that calls. */
import type { MemoryMap } from '../shared/memory-map.ts';
import { ModuleBuilder } from '../wasm/module.ts';
import { defineAttend } from './attend.ts';
import { HartCode } from './code.ts';
import { defineFloat } from './float/index.ts';
import { defineRun } from './interpreter.ts';
import { defineMemory } from './memory.ts';
import { definePmp } from './pmp.ts';
import { definePrivileged } from './privileged.ts';
import { defineTlb } from './tlb.ts';
import { defineTranslate } from './walk.ts';

/** What the module of a hart exports. */
export interface HartExports {
  run(budget: number): void;
  flush_tlbs(): void;
  update_contexts(): void;
  update_interrupts(): void;
  take_interrupt(): number;
  raise(): void;
  translate(address: bigint, kind: number): number;
}

/** The bytes of the module for hart number `hart` of a machine laid out as `map`. */
export function generateHart(map: MemoryMap, hart: number): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder(map.total / 0x1_0000);
  const code = new HartCode(module, map, hart);
  const tlb = defineTlb(code);
  const translate = defineTranslate(code, definePmp(code));
  const privileged = definePrivileged(code, tlb);
  const run = defineRun(code, {
    ...privileged,
    ...defineMemory(code, translate),
    tlb,
    attend: defineAttend(code, privileged.takeInterrupt),
    float: defineFloat(module, code.map.state),
  });
  const exported = [run, tlb.flushTlbs, tlb.updateContexts, privileged.changes.updateInterrupts];
  for (const callee of [...exported, privileged.takeInterrupt, privileged.raise, translate]) module.export(callee);
  return module.encode();
}
