/** The decoder against binutils' disassembler: all words of 16 bits. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { mnemonicOf } from './decode.ts';

const OBJDUMP = 'riscv64-linux-gnu-objdump';

/** Mnemonics by binutils, one for each word; an empty one for a word that is none. */
function objdump(words: readonly number[]): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'tabhyve-decode-'));
  try {
    const file = join(folder, 'words');
    writeFileSync(file, new Uint8Array(Uint16Array.from(words).buffer));
    const options = ['-D', '-b', 'binary', '-m', 'riscv:rv64', '-M', 'no-aliases,numeric', '-z', file];
    const { status, stdout, error } = spawnSync(OBJDUMP, options, { encoding: 'utf8', maxBuffer: 1 << 26 });
    if (status !== 0) {
      const why = error?.message ?? 'it fails';
      throw new Error(`the outside oracle is missing: install Debian's package binutils-riscv64-linux-gnu (${why})`);
    }
    const found = new Map<number, string>();
    for (const [, address, mnemonic] of stdout.matchAll(/^\s*([0-9a-f]+):\t[0-9a-f ]+\t(\S+)/gm)) {
      found.set(parseInt(address, 16), mnemonic.startsWith('.') ? '' : mnemonic);
    }
    return words.map((_, i) => found.get(i * 2) ?? '');
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What binutils calls otherwise: shifts by 0, NOP, and the word of zeros, which is illegal. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  ...{ 'c.slli64': 'c.slli', 'c.srli64': 'c.srli', 'c.srai64': 'c.srai', 'c.nop': 'c.addi', 'c.unimp': '' },
};
/** C.ADDI16SP of 0 is reserved; binutils shows it. */
const RESERVED = 0x6101;

test('all words of 16 bits are what binutils takes them for', () => {
  const words = Array.from({ length: 0x1_0000 }, (_, i) => i).filter((word) => (word & 3) !== 3 && word !== RESERVED);
  const theirs = objdump(words).map((name) => OTHER_NAMES[name] ?? name);
  const different = words.flatMap((word, i) =>
    mnemonicOf(word) === (theirs[i] || undefined) ? [] : [`0x${word.toString(16)}: ${mnemonicOf(word)}, ${theirs[i]}`],
  );
  expect(different.slice(0, 10)).toEqual([]);
});
