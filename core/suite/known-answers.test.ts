import { expect, test } from 'vitest';
import { engineOf, engines } from './testing/engines.ts';
import { imageOf, runImage } from './testing/image.ts';
import { answerCase, knownAnswers, resultOf } from './testing/known-answers.ts';

test.each(Object.keys(engines))('%s gives the answers of the manual', (name) => {
  const all = Object.entries(knownAnswers).flatMap(([mnemonic, answers]) =>
    answers.map((answer) => ({ mnemonic, answer })),
  );
  const data = runImage(engineOf(name), imageOf(all.map(({ mnemonic, answer }) => answerCase(mnemonic, answer))));
  const line = (mnemonic: string, rd: bigint): string => `${mnemonic} 0x${rd.toString(16)}`;
  expect(all.map(({ mnemonic }, i) => line(mnemonic, resultOf(data as Uint8Array, i)))).toEqual(
    all.map(({ mnemonic, answer }) => line(mnemonic, answer[2])),
  );
});
