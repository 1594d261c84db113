import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { cells, wide, writeDeviceTree, type DeviceNode } from './fdt.ts';
import { DeviceTreeError, findNode, readCells, readDeviceTree, readTexts, type ReadNode } from './read.ts';

const small: DeviceNode = {
  properties: { model: 'test', compatible: ['a,b', 'c'], 'dma-coherent': true },
  children: {
    'cpu@0': { properties: { reg: cells(0, 0xffff_ffff), model: Uint8Array.of(1, 2, 3) } },
    chosen: { properties: {} },
  },
};

describe('writeDeviceTree', () => {
  it('lays version 17 out as the specification says', () => {
    const blob = writeDeviceTree({ properties: { a: cells(0x11223344) } });
    const words = Array.from({ length: blob.length >> 2 }, (_, i) => new DataView(blob.buffer).getUint32(i * 4));
    expect(words.slice(0, 10)).toEqual([0xd00dfeed, blob.length, 56, 88, 40, 17, 16, 0, 2, 32]);
    expect(words.slice(14, 22)).toEqual([1, 0, 3, 4, 0, 0x11223344, 2, 9]);
    expect([...blob.slice(88)]).toEqual([0x61, 0]);
  });

  it('is read back', () => {
    const reservations = [{ address: 0x8000_0000n, size: 0x1_0000_0000n }];
    const tree = readDeviceTree(writeDeviceTree(small, { reservations, bootHart: 1 }));
    expect(tree.reservations).toEqual(reservations);
    expect(tree.bootHart).toBe(1);
    expect(readTexts(tree.root, 'compatible')).toEqual(['a,b', 'c']);
    expect(tree.root.properties.get('dma-coherent')).toEqual(new Uint8Array(0));
    expect(readCells(findNode(tree.root, '/cpu@0'), 'reg')).toEqual([0, 0xffff_ffff]);
    expect([...tree.root.children.keys()]).toEqual(['cpu@0', 'chosen']);
    expect(findNode(tree.root, '/cpu@1/x')).toBeUndefined();
  });

  it('writes each name once', () => {
    const blob = writeDeviceTree(small);
    expect(new TextDecoder('latin1').decode(blob).split('model\0').length).toBe(2);
  });

  it('splits numbers into cells', () => {
    expect(wide(0x4_8765_4321)).toEqual([4, 0x8765_4321]);
  });

  it('keeps every tree', () => {
    const name = fc.stringMatching(/^[a-z][a-z0-9,@-]{0,12}$/);
    const { tree } = fc.letrec<{ tree: DeviceNode }>((tie) => ({
      tree: fc.record({
        properties: fc.dictionary(name, fc.uint8Array({ maxLength: 9 })),
        children: fc.oneof({ maxDepth: 3 }, fc.constant({}), fc.dictionary(name, tie('tree'), { maxKeys: 3 })),
      }),
    }));
    const plain = (node: ReadNode): unknown => ({
      properties: Object.fromEntries(node.properties),
      children: Object.fromEntries([...node.children].map(([key, child]) => [key, plain(child)])),
    });
    fc.assert(
      fc.property(tree, (root) => {
        expect(JSON.stringify(plain(readDeviceTree(writeDeviceTree(root)).root))).toBe(JSON.stringify(root));
      }),
    );
  });
});

describe('readDeviceTree', () => {
  const refuse = (blob: Uint8Array): void => {
    try {
      readDeviceTree(blob);
    } catch (error) {
      expect(error).toBeInstanceOf(DeviceTreeError);
    }
  };

  it('says what is wrong', () => {
    const blob = writeDeviceTree(small);
    expect(() => readDeviceTree(new Uint8Array(100))).toThrow('d00dfeed');
    expect(() => readDeviceTree(blob.slice(0, -1))).toThrow('cut off');
    const other = blob.slice();
    other[23] = 3;
    expect(() => readDeviceTree(other)).toThrow('version 3');
  });

  it('refuses garbage, and never fails otherwise', () => {
    const blob = writeDeviceTree(small);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(blob.length - 1), fc.nat(255)), { maxLength: 4 }),
        fc.nat(9),
        (edits, cut) => {
          const damaged = blob.slice(0, blob.length - cut);
          for (const [at, byte] of edits) damaged[at] = byte;
          refuse(damaged);
        },
      ),
      { numRuns: 3000 },
    );
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), refuse));
  });
});
