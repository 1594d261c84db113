import { describe, expect, test } from 'vitest';
import { VirtioConsole, virtioConsoleType } from './console.ts';
import { VirtioEntropy, virtioEntropyType } from './entropy.ts';
import { FakeBoard, SLOT, type TransportName } from './testing/fake-board.ts';
import { FakeDriver, readable } from './testing/fake-driver.ts';
import { capabilities, configSpace } from './testing/transport.ts';

function consoleBoard(transport: TransportName) {
  const output: Uint8Array[] = [];
  const board = new FakeBoard(
    transport,
    virtioConsoleType,
    (input) => new VirtioConsole({ input, columns: 80, rows: 25, onOutput: (bytes) => output.push(bytes) }),
  );
  return { board, driver: new FakeDriver(board), output };
}

describe('virtio-mmio', () => {
  test('has the registers of 4.2.2', () => {
    const { mmio } = consoleBoard('mmio').board;
    const read = (offset: number): number => mmio.read(offset, 4);
    expect(String.fromCharCode(...[0, 1, 2, 3].map((i) => mmio.read(i, 1)))).toBe('virt');
    expect([read(0x004), read(0x008)]).toEqual([2, 3]);
    mmio.write(0x014, 4, 2);
    expect(read(0x010)).toBe(0);
    mmio.write(0x014, 4, 1);
    expect(read(0x010)).toBe((1 << 0) | (1 << 8));
    expect([0, 1, 2, 0xffff_ffff].map((queue) => (mmio.write(0x030, 4, queue), read(0x034)))).toEqual([128, 128, 0, 0]);
    expect([0x0b0, 0x0b4, 0x0b8, 0x0bc].map(read)).toEqual([1, 1, 1, 1].map(() => 0xffff_ffff));
    expect(read(0x0c0)).toBe(0);
    // Write-only registers read 0, and what is not there does too.
    expect([0x020, 0x038, 0x050, 0x064, 0x0f0].map(read)).toEqual([0, 0, 0, 0, 0]);
    expect(mmio.read(0x100, 2)).toBe(80);
    expect(mmio.read(0xffc, 4)).toBe(0);
  });

  test('keeps the queue as it is while it is ready', () => {
    const { board, driver } = consoleBoard('mmio');
    driver.initialise();
    const { desc } = board.hart.state.queues[0];
    const before = [...desc];
    board.mmio.write(0x030, 4, 0);
    board.mmio.write(0x080, 4, 0x1234);
    board.mmio.write(0x038, 4, 3);
    expect([...desc]).toEqual(before);
    board.mmio.write(0x044, 4, 0);
    expect(board.mmio.read(0x044, 4)).toBe(0);
    board.mmio.write(0x080, 4, 0x1230);
    expect(desc[0]).toBe(0x1230);
  });

  test('acknowledges interrupts bit by bit', async () => {
    const { board, driver } = consoleBoard('mmio');
    driver.initialise();
    driver.submit([readable('x')], 1);
    await board.run();
    board.model.resize(1, 1);
    expect(board.mmio.read(0x060, 4)).toBe(3);
    board.mmio.write(0x064, 4, 1);
    expect(board.mmio.read(0x060, 4)).toBe(2);
    expect(board.wire.level).toBe(true);
    board.mmio.write(0x064, 4, 0xffff_fffe);
    expect(board.wire.level).toBe(false);
  });
});

describe('virtio-pci', () => {
  const types = (board: FakeBoard): number[] => {
    const config = configSpace(board.pci.ecam, SLOT);
    return capabilities(board.pci.ecam, SLOT).map(({ at }) => config.read(at + 3, 1));
  };

  test('identifies itself as a modern device, with its structures in one BAR', () => {
    const { board } = consoleBoard('pci');
    const config = configSpace(board.pci.ecam, SLOT);
    expect(config.read(0x00, 4)).toBe(0x1043_1af4);
    expect(config.read(0x08, 4)).toBe(0x0780_0001);
    expect(config.read(0x2e, 2)).toBeGreaterThanOrEqual(0x40);
    expect(config.read(0x3d, 1)).toBe(1);
    expect(types(board as FakeBoard)).toEqual([1, 2, 3, 4, 5]);
    config.write(0x10, 4, 0xffff_ffff);
    expect(config.read(0x10, 4)).toBe(0xffff_c004);
  });

  test('has no device-specific capability for a device without configuration', () => {
    const board = new FakeBoard('pci', virtioEntropyType, () => new VirtioEntropy({ fill: () => undefined }));
    expect(types(board as FakeBoard)).toEqual([1, 2, 3, 5]);
  });

  test('clears the ISR when it is read, and shows it in the status register', async () => {
    const { board, driver } = consoleBoard('pci');
    const config = configSpace(board.pci.ecam, SLOT);
    driver.initialise();
    driver.submit([readable('x')], 1);
    await board.run();
    expect(config.read(0x06, 2) & 8).toBe(8);
    expect(driver.transport.takeInterrupt()).toBe(1);
    expect(driver.transport.takeInterrupt()).toBe(0);
    expect(config.read(0x06, 2) & 8).toBe(0);
    expect(board.wire.level).toBe(false);
  });

  test('refuses MSI-X vectors and a 0 in queue_enable', () => {
    const { board, driver } = consoleBoard('pci');
    driver.initialise();
    const at = 0x10_0000;
    board.pci.window.write(at + 0x16, 2, 1);
    board.pci.window.write(at + 0x10, 2, 0);
    board.pci.window.write(at + 0x1a, 2, 0);
    expect(board.pci.window.read(at + 0x10, 2)).toBe(0xffff);
    expect(board.pci.window.read(at + 0x1a, 2)).toBe(0xffff);
    board.pci.window.write(at + 0x1c, 2, 0);
    expect(board.pci.window.read(at + 0x1c, 2)).toBe(1);
  });

  test('reaches the BAR through configuration space (4.1.4.9)', () => {
    const { board } = consoleBoard('pci');
    const config = configSpace(board.pci.ecam, SLOT);
    const at = capabilities(board.pci.ecam, SLOT).at(-1)?.at ?? 0;
    const aim = (bar: number, offset: number, length: number): void => {
      config.write(at + 4, 1, bar);
      config.write(at + 8, 4, offset);
      config.write(at + 12, 4, length);
    };
    aim(0, 0x2000, 2);
    expect(config.read(at + 16, 4)).toBe(80);
    expect(config.read(at + 16, 1)).toBe(80);
    aim(0, 0x14, 1);
    config.write(at + 16, 4, 3);
    expect(config.read(at + 16, 4)).toBe(3);
    for (const [bar, offset, length] of [
      [1, 0x14, 1],
      [0, 0x14, 3],
      [0, 0x15, 2],
      [0, 0x4000, 4],
      [0, 0xffff_fffc, 4],
    ]) {
      aim(bar, offset, length);
      config.write(at + 16, 4, 0);
      expect(config.read(at + 16, 4)).toBe(0);
    }
    aim(0, 0x14, 1);
    expect(config.read(at + 16, 4)).toBe(3);
  });
});
