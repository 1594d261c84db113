/** Finds the least part of a failing sequence, by making instructions into ones that do nothing. */
import { disassemble } from '../../isa/disassemble.ts';
import type { Image, TestCase } from './image.ts';
import { compareData, imageOf } from './image.ts';

/** Runs an image; `undefined` when it does not come to its end. Throws likewise. */
export type Runner = (image: Image) => Uint8Array | undefined;

const NOP = 0x13;
const C_NOP = 1;

/** How two runners differ over a case, or nothing. A case that does not end in both is no difference. */
function difference(a: Runner, b: Runner, testCase: TestCase): string[] | undefined {
  try {
    const image = imageOf([testCase]);
    const x = a(image)?.slice();
    const y = b(image);
    return x && y ? compareData(x, y)[0]?.differences : undefined;
  } catch {
    return undefined;
  }
}

/** Keeps the layout, so that jumps lead where they led: an instruction goes by becoming a NOP of its length. */
export function shrink(a: Runner, b: Runner, failing: TestCase): TestCase {
  let words = [...failing.words];
  for (let size = Math.ceil(words.length / 2); size >= 1; size = size > 1 ? Math.ceil(size / 2) : 0) {
    for (let from = 0; from < words.length; from += size) {
      const fewer = words.map((word, i) => {
        return i < from || i >= from + size ? word : (word & 3) === 3 ? NOP : C_NOP;
      });
      if (fewer.some((word, i) => word !== words[i]) && difference(a, b, { ...failing, words: fewer })) words = fewer;
    }
  }
  return { ...failing, words };
}

/** The least failing part as text: what differs, and the instructions that are left. */
export function explain(a: Runner, b: Runner, failing: TestCase): string {
  const least = shrink(a, b, failing);
  const differences = difference(a, b, least) ?? ['(only within its batch)'];
  const lines = least.words.flatMap((word, i) =>
    word === NOP || word === C_NOP
      ? []
      : [`  ${String(i).padStart(3)}  ${word.toString(16).padStart(8)}  ${disassemble(word)}`],
  );
  return [...differences.slice(0, 8), ...lines].join('\n');
}
