/** The suite finds what is wrong, and says where: an engine that is made to go wrong. */
import { expect, test } from 'vitest';
import { assemble } from '../isa/assemble.ts';
import { checkCases, randomCases, runnerOf, type Named } from './testing/check.ts';
import { engineOf } from './testing/engines.ts';
import type { Image } from './testing/image.ts';
import { repertoire } from './testing/sequence.ts';

const XOR = assemble('xor');
/** What tells XOR from OR. */
const DIFFERENCE = XOR ^ assemble('or');
const MASK = 0xfe00_707f;

/** The image with each XOR an OR. */
function spoilt(image: Image): Image {
  const [code, ...rest] = image.blocks;
  const bytes = code.bytes.slice();
  const view = new DataView(bytes.buffer);
  for (let at = 0; at + 4 <= bytes.length; at += (bytes[at] & 3) === 3 ? 4 : 2) {
    const word = view.getUint32(at, true);
    if (((word ^ XOR) & MASK) === 0) view.setUint32(at, word ^ DIFFERENCE, true);
  }
  return { ...image, blocks: [{ ...code, bytes }, ...rest] };
}

test('a failure is shrunk to the instruction that is wrong, and shown', () => {
  const run = runnerOf(engineOf('interpreter'));
  const right: Named = { name: 'right', run };
  const wrong: Named = { name: 'wrong', run: (image) => run(spoilt(image)) };
  const cases = randomCases(1, 40, 60, repertoire());
  checkCases(right, right, cases, 'equal');
  let message = '';
  try {
    checkCases(right, wrong, cases, 'SEED=1');
  } catch (error) {
    ({ message } = error as Error);
  }
  expect(message).toMatch(/^SEED=1, case \d+: right and wrong differ\n/);
  const listing = message.split('\n').filter((line) => line.startsWith('  '));
  expect(listing.length).toBeLessThanOrEqual(3);
  expect(listing.some((line) => / xor /.test(line))).toBe(true);
});

test('a program that does not come to its end is a failure, not a difference', () => {
  const run = runnerOf(engineOf('interpreter'));
  const endless = { words: [assemble('jal')], input: randomCases(1, 1, 1, repertoire())[0].input };
  const engine: Named = { name: 'engine', run };
  expect(() => checkCases(engine, engine, [endless], 'endless')).toThrow('engine does not come to the end');
});
