import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ImagesError, readImages } from './images.ts';

const base = 'https://example.org/vm/guest/images.json';
const list = {
  format: 1,
  default: {
    kernel: { url: 'Image-01234567.zst', size: 9, rawSize: 30, sha256: 'ab' },
    initrd: { url: 'initrd-01234567.cpio.zst', size: 2 },
    root: { url: 'root-01234567.json', size: 1 },
    cmdline: 'console=hvc0',
  },
};

test('URLs become absolute, wherever the site lies', () => {
  expect(readImages(list, base)).toEqual({
    kernel: { kind: 'url', url: 'https://example.org/vm/guest/Image-01234567.zst', size: 9, rawSize: 30, sha256: 'ab' },
    initrd: { kind: 'url', url: 'https://example.org/vm/guest/initrd-01234567.cpio.zst', size: 2 },
    root: 'https://example.org/vm/guest/root-01234567.json',
    cmdline: 'console=hvc0',
  });
});

test('a list of a later format asks for a reload', () => {
  expect(() => readImages({ ...list, format: 2 }, base)).toThrow(/Reload/);
});

test('whatever the file holds, there are images or an ImagesError', () => {
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), fc.record({ format: fc.constant(1), default: fc.jsonValue() })), (json) => {
      try {
        readImages(json, base);
      } catch (error) {
        expect(error).toBeInstanceOf(ImagesError);
      }
    }),
  );
});
