import { expect, test } from 'vitest';
import { VirtioEntropy, virtioEntropyType } from './entropy.ts';
import { FakeBoard, TRANSPORTS } from './testing/fake-board.ts';
import { FakeDriver, readable, writable } from './testing/fake-driver.ts';

test.each(TRANSPORTS)('virtio-rng over %s fills buffers, and takes none to read', async (transport) => {
  const sizes: number[] = [];
  const fill = (target: Uint8Array): void => {
    sizes.push(target.length);
    target.fill(0x5a);
  };
  const board = new FakeBoard(transport, virtioEntropyType, () => new VirtioEntropy({ fill }));
  const driver = new FakeDriver(board);
  driver.initialise();
  expect(driver.transport.deviceId()).toBe(4);
  const [small, large] = [driver.submit([writable(3), writable(5)]), driver.submit([writable(100_000)])];
  await board.run();
  expect(driver.completed(small)).toEqual({ length: 8, bytes: new Uint8Array(8).fill(0x5a) });
  expect(driver.completed(large).length).toBe(65536);
  expect(sizes).toEqual([8, 65536]);
  driver.submit([readable('x'), writable(1)]);
  await board.run();
  expect(driver.needsReset).toBe(true);
});
