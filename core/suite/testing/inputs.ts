/** Random registers and data for a sequence: edges of the formats as often as not. */
import { randomOperand, specialOperands, type Random } from '../../hart/float/testing/operands.ts';
import type { Input } from './image.ts';

const BOX = 0xffff_ffff_0000_0000n;
const INTEGERS = specialOperands('i64');

export function randomInteger(random: Random): bigint {
  return random() & 1 ? INTEGERS[random() % INTEGERS.length] : randomOperand(random, 'i64');
}

/** A floating-point register: a double, a boxed single, or seldom a single that is not boxed. */
export function randomFloat(random: Random): bigint {
  const draw = random() % 16;
  if (draw < 7) return randomOperand(random, 'f64');
  if (draw < 15) return BOX | randomOperand(random, 'f32');
  return randomOperand(random, 'f32') | (BigInt(random()) << 32n);
}

export function randomInput(random: Random): Input {
  return {
    x: Array.from({ length: 31 }, (_, i) => (i === 0 ? 0n : randomInteger(random))),
    f: Array.from({ length: 32 }, () => randomFloat(random)),
    fcsr: ((random() % 5) << 5) | (random() % 32),
    window: Array.from({ length: 97 }, () => (random() & 1 ? randomInteger(random) : randomFloat(random))),
  };
}
