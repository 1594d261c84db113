/// <reference lib="webworker" />
import { expect, test } from 'vitest';
import { createMemory, layOut } from '../core/shared/memory-map.ts';
import { Board } from './board.ts';
import { Terminal } from './terminal.ts';

/** A terminal whose receiver deals with output when `settle` is called. */
function slowTerminal() {
  const shape = { harts: 1, ramBytes: 4 << 20, disks: 0 };
  const board = new Board(createMemory(layOut(shape)), shape);
  const received: Uint8Array[] = [];
  const waiting: (() => void)[] = [];
  const terminal = new Terminal(board.control, board.uart, (bytes) => {
    received.push(bytes);
    return new Promise<void>((resolve) => waiting.push(resolve));
  });
  const settle = async (): Promise<void> => {
    for (const resolve of waiting.splice(0)) resolve();
    await Promise.resolve().then(() => undefined);
  };
  return { board, terminal, received, settle };
}

test('output waits in the guest while its receiver is behind, and none is lost', async () => {
  const { board, terminal, received, settle } = slowTerminal();
  terminal.output('virtio', new Uint8Array(300 * 1024));
  expect(terminal.hasRoom).toBe(false);
  board.uart.send(Uint8Array.of(1, 2, 3));
  terminal.serveUart();
  expect(received).toHaveLength(1);
  await settle();
  expect(terminal.hasRoom).toBe(true);
  expect(received.slice(1).map((bytes) => [...bytes])).toEqual([[1, 2, 3]]);
});

test('a receiver that answers nothing is given everything', () => {
  const shape = { harts: 1, ramBytes: 4 << 20, disks: 0 };
  const board = new Board(createMemory(layOut(shape)), shape);
  let bytes = 0;
  const terminal = new Terminal(board.control, board.uart, (output) => void (bytes += output.length));
  for (let i = 0; i < 4; i++) terminal.output('virtio', new Uint8Array(200 * 1024));
  expect(bytes).toBe(800 * 1024);
  expect(terminal.hasRoom).toBe(true);
});
