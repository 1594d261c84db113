/** Names of the floating-point routines (core/hart/float, core/reference/float): bits in, bits out, flags accrued. */

type Format = 'f32' | 'f64';
type Integer = 'i32' | 'u32' | 'i64' | 'u64';

/** Routines that round, and so take the rounding mode as their last argument. */
export type RoundingRoutine =
  | `${Format}_${'add' | 'sub' | 'mul' | 'div' | 'sqrt' | 'madd'}`
  | `${Format}_to_${Integer}`
  | `${Integer}_to_${Format}`
  | 'f64_to_f32';
export type ExactRoutine = `${Format}_${'eq' | 'lt' | 'le' | 'min' | 'max' | 'class'}` | 'f32_to_f64';
export type FloatRoutine = RoundingRoutine | ExactRoutine;

/** Whether a routine rounds nothing, and so takes no rounding mode. */
export function isExactRoutine(routine: FloatRoutine): routine is ExactRoutine {
  return /_(eq|lt|le|min|max|class)$|^f32_to_f64$/.test(routine);
}
