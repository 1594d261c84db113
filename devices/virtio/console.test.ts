import { describe, expect, test } from 'vitest';
import { VirtioConsole, virtioConsoleType } from './console.ts';
import { FakeBoard, TRANSPORTS, type TransportName } from './testing/fake-board.ts';
import { FakeDriver, readable, writable } from './testing/fake-driver.ts';

const RECEIVEQ = 0;
const TRANSMITQ = 1;
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const bytes = (string: string): Uint8Array => new TextEncoder().encode(string);

function consoleBoard(transport: TransportName) {
  const output: string[] = [];
  let rooms = 0;
  const board = new FakeBoard(
    transport,
    virtioConsoleType,
    (input) =>
      new VirtioConsole({
        input,
        columns: 80,
        rows: 25,
        onOutput: (chunk) => output.push(text(chunk)),
        onInputRoom: () => rooms++,
      }),
  );
  const driver = new FakeDriver(board);
  return { board, driver, output, rooms: () => rooms };
}

describe.each(TRANSPORTS)('virtio-console over %s', (transport) => {
  test('delivers output once, in order, a chunk for each round', async () => {
    const { board, driver, output } = consoleBoard(transport);
    driver.initialise();
    expect(driver.transport.deviceId()).toBe(3);
    const first = driver.submit([readable('Hello, '), readable('world')], TRANSMITQ);
    driver.submit([readable('!\n')], TRANSMITQ);
    await board.run();
    expect(output).toEqual(['Hello, world!\n']);
    expect(driver.completed(first).length).toBe(0);
    expect(board.wire.level).toBe(true);
    expect(driver.transport.takeInterrupt()).toBe(1);
    expect(board.wire.level).toBe(false);
  });

  test('types what was typed before the driver came, into buffers that came later', async () => {
    const { board, driver } = consoleBoard(transport);
    expect(board.model.input(bytes('abc'))).toBe(3);
    driver.initialise();
    await board.run();
    const request = driver.submit([writable(16)], RECEIVEQ);
    await board.run();
    const { length, bytes: got } = driver.completed(request);
    expect(length).toBe(3);
    expect(text(got.subarray(0, length))).toBe('abc');
  });

  test('loses nothing of a long paste, and says when there is room again', async () => {
    const { board, driver, rooms } = consoleBoard(transport);
    driver.initialise();
    const paste = Array.from({ length: 100_000 }, (_, i) => String.fromCharCode(33 + (i % 90))).join('');
    const pending = bytes(paste);
    let typed = board.model.input(pending);
    expect(typed).toBeLessThan(pending.length);
    let got = '';
    while (got.length < paste.length) {
      const request = driver.submit([writable(1000)], RECEIVEQ);
      await board.run();
      const { length, bytes: chunk } = driver.completed(request);
      got += text(chunk.subarray(0, length));
      if (rooms() > 0 && typed < pending.length) typed += board.model.input(pending.subarray(typed));
    }
    expect(got).toBe(paste);
  });

  test('tells the driver of a new size', async () => {
    const { board, driver } = consoleBoard(transport);
    const size = (): number[] => [driver.transport.readConfig(0, 2), driver.transport.readConfig(2, 2)];
    expect(size()).toEqual([80, 25]);
    driver.initialise();
    await board.run();
    const before = driver.transport.configGeneration();
    board.model.resize(80, 25);
    expect(board.wire.level).toBe(false);
    board.model.resize(132, 43);
    expect(board.wire.level).toBe(true);
    expect(driver.transport.takeInterrupt()).toBe(2);
    expect(size()).toEqual([132, 43]);
    expect(driver.transport.configGeneration()).not.toBe(before);
  });

  test('needs a reset after a buffer of the wrong direction, and works after it', async () => {
    const { board, driver, output } = consoleBoard(transport);
    driver.initialise();
    driver.submit([writable(4)], TRANSMITQ);
    await board.run();
    expect(driver.needsReset).toBe(true);
    expect(driver.transport.takeInterrupt()).toBe(2);
    expect(board.log).toHaveLength(1);
    driver.initialise();
    driver.submit([readable('again')], TRANSMITQ);
    await board.run();
    expect(output).toEqual(['again']);
  });
});
