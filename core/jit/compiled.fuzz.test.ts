/**
 * TABHYVE_FUZZ_RUNS sets the number of programs for each variant of the compiler, and TABHYVE_FUZZ_SEED where they
 * begin; a disagreement prints the seed and the program's number.
 */
import { test } from 'vitest';
import { fuzzCompiled } from './compiled.fuzz.ts';
import { ALL_PASSES, NO_PASSES, type Passes } from './passes.ts';
import type { CompilerOptions } from './testing/compiled-hart.ts';

const runs = Number(process.env['TABHYVE_FUZZ_RUNS'] ?? 12);
const seed = Number(process.env['TABHYVE_FUZZ_SEED'] ?? 1);

const without = (pass: keyof Passes): CompilerOptions => ({ passes: { ...ALL_PASSES, [pass]: false } });
const variants: Readonly<Record<string, CompilerOptions>> = {
  'all passes': {},
  'no passes': { passes: NO_PASSES },
  ...Object.fromEntries(
    (Object.keys(ALL_PASSES) as (keyof Passes)[]).map((pass) => [`all passes but ${pass}`, without(pass)]),
  ),
  'the base as a parameter': { takesBase: true },
  'the base as a parameter, no passes': { takesBase: true, passes: NO_PASSES },
  'one instruction a region': { limit: 1 },
  'blocks of at most three': { blockLimit: 3 },
  'regions of at most ten': { limit: 10 },
};

test.each(Object.entries(variants))(
  'random programs agree with the interpreter: %s',
  { timeout: 20_000 + runs * 1000 },
  (_, options) => fuzzCompiled(seed, runs, options),
);
