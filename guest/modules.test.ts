import { describe, expect, it } from 'vitest';
import { cutSignature } from './modules.ts';

const MAGIC = '~Module signature appended~\n';

/** A module of five bytes with a signature of `length` bytes appended, as scripts/sign-file does. */
function signed(length: number, said = length): Buffer {
  const trailer = Buffer.alloc(12);
  trailer.writeUInt32BE(said, 8);
  return Buffer.concat([Buffer.from('\x7fELF!', 'latin1'), Buffer.alloc(length, 0xaa), trailer, Buffer.from(MAGIC)]);
}

describe('cutSignature', () => {
  it('takes away the signature, its header and the magic', () => {
    expect(Buffer.from(cutSignature(signed(400))).toString('latin1')).toBe('\x7fELF!');
  });

  it('leaves a module without one alone', () => {
    const module = Buffer.from('\x7fELF!', 'latin1');
    expect(cutSignature(module)).toBe(module);
    expect(cutSignature(Buffer.from(MAGIC)).length).toBe(MAGIC.length);
  });

  it('refuses a length that goes beyond the file', () => {
    expect(() => cutSignature(signed(10, 1000))).toThrow(/damaged signature/);
  });
});
