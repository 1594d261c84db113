/** The disassembler's text, in golden/. After a wanted change: `npm run test:unit -- core/isa/disassemble -u`. */
import { expect, test } from 'vitest';
import { seededRandom } from '../hart/float/testing/operands.ts';
import { randomWord } from '../suite/testing/sequence.ts';
import { assembleText } from './assemble-text.ts';
import { disassemble } from './disassemble.ts';
import { instructions, rows } from './table.ts';

const ADDRESS = 0x8000_0000n;
const hex = (word: number): string => word.toString(16).padStart(8);

test('every encoding has its text', async () => {
  const random = seededRandom(1);
  const lines = rows.flatMap((row) =>
    [randomWord(random, row), randomWord(random, row)].map((word) => `${hex(word)}  ${disassemble(word, ADDRESS)}`),
  );
  await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot('golden/disassembly.txt');
});

test('a word that is no instruction is shown as data', () => {
  expect([disassemble(0), disassemble(0xffff_ffff)]).toEqual(['.2byte 0x0', '.4byte 0xffffffff']);
});

// Pieces that the text of an instruction does not show: the ordering of atomics, and what is ignored in fences.
const HIDDEN = /^(aq|rl|fm|rd|rs1|imm)$/;

test.each(instructions)('the text of $mnemonic assembles to what it was made from', (instruction) => {
  const random = seededRandom(5);
  const { encoding, mnemonic } = instruction;
  const isFence = mnemonic.startsWith('fence');
  for (let i = 0; i < 20; i++) {
    const given: Record<string, number> = {};
    for (const { name } of encoding.fields) {
      if (name === 'aq' || name === 'rl') given[name] = 0;
      if (name === 'rm') given[name] = 7;
      if (isFence && HIDDEN.test(name)) given[name] = 0;
    }
    const row = { mnemonic, encoding, number: 0, fixed: {} };
    const word = randomWord(random, row, given);
    const text = disassemble(word).replace(/, dyn$/, '');
    const { bytes } = assembleText(text, Number(ADDRESS));
    expect([text, new DataView(bytes.buffer).getUint32(0, true)]).toEqual([text, word]);
  }
});
