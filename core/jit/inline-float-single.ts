/**
 * NaN-boxed numbers in registers that are held as `f64`: boxed and opened by lanes of the host's registers, since a way
 * through its integers takes longer than the operation between.
 */
import { BOX, F32, F64, fromHost, toHost } from '../hart/float/format.ts';
import { i64, type Expr } from '../wasm/expr.ts';
import type { FunctionBuilder } from '../wasm/function.ts';
import { lowerHalf } from '../wasm/lanes.ts';

/**
 * Opens the box if that is what the expression does, in the form of core/isa/extensions/fd.ts: the lower half of a register
 * that is boxed, else the canonical NaN. Emits it, and returns the bits, of a local `f32`. For whoever pins values down.
 * Boxing has no counterpart here: `toHost` knows the form.
 */
export function openSingle(f: FunctionBuilder, { node }: Expr): Expr | undefined {
  if (node.kind !== 'select') return undefined;
  const [, otherwise, condition] = node.args;
  const register = boxedRegister(condition);
  if (!register || !isConstant(otherwise, F32.canonicalNaN)) return undefined;
  const single = f.variable(lowerHalf(toHost(F64, register)));
  f.ifUnlikely(register.shrU(32).wrap().ne(-1), () => f.set(single, toHost(F32, i64(F32.canonicalNaN))));
  return fromHost(single);
}

/** The register, if a condition asks whether it holds a boxed number and it is a number of the host. */
function boxedRegister({ node }: Expr): Expr | undefined {
  if (node.kind !== 'op' || node.op.name !== 'i64.ge_u' || !isConstant(node.args[1], BOX)) return undefined;
  const [register] = node.args;
  return isHeldAsNumber(register) ? register : undefined;
}

/** Whether these are the bits of a local `f64`. */
export function isHeldAsNumber(bits: Expr): boolean {
  return bits.type === 'i64' && toHost(F64, bits).node.kind === 'local';
}

function isConstant({ node }: Expr, value: bigint): boolean {
  return node.kind === 'const' && BigInt.asUintN(64, BigInt(node.value)) === value;
}
