/** Two harts over the built-in SBI, whose surroundings note what they are asked. */
import { GuestRam } from '../../../core/shared/guest-ram.ts';
import type { InterruptNumber } from '../../../core/shared/interrupts.ts';
import { createMemory, DeviceAllocator, hartView, layOut } from '../../../core/shared/memory-map.ts';
import type { Ending } from '../../../devices/platform/finisher.ts';
import type { FenceKind, SbiEnvironment, SbiOutcome } from '../abi.ts';
import { sbiCall } from '../sbi.ts';
import { SbiState } from '../state.ts';

export const RAM_SIZE = 2 << 20;
export const PC = 0x8000_1000n;

export function sbiMachine() {
  const map = layOut({ harts: 2, ramBytes: RAM_SIZE });
  const memory = createMemory(map);
  const harts = [0, 1].map((hart) => hartView(memory, map, hart));
  const log = {
    now: 1000n,
    output: '',
    input: new Uint8Array(0),
    /** Bytes that the console still takes. */
    room: 1 << 20,
    fences: [] as { harts: readonly number[]; kind: FenceKind }[],
    endings: [] as Ending[],
  };
  const env: SbiEnvironment = {
    harts,
    state: new DeviceAllocator(memory, map).allocate(SbiState),
    ram: new GuestRam(memory, map),
    clock: { ticks: () => log.now, wallNanoseconds: () => 0n },
    consoleWrite(bytes) {
      const taken = bytes.subarray(0, log.room);
      log.room -= taken.length;
      log.output += String.fromCharCode(...taken);
      return taken.length;
    },
    consoleRead(max) {
      const taken = log.input.slice(0, max);
      log.input = log.input.slice(max);
      return taken;
    },
    remoteFence: (list, kind) => void log.fences.push({ harts: list, kind }),
    end: (ending) => void log.endings.push(ending),
    loadVirtual: (_, address) => (address === 0x1000n ? 2n : undefined),
  };
  for (const hart of harts) hart.pc = PC;

  /** Calls as a hart does; returns what is in a0 and a1 then, signed, and how the hart goes on. */
  const callFrom = (
    hartId: number,
    id: number | bigint,
    fid: number | bigint,
    ...args: (number | bigint)[]
  ): { error: bigint; value: bigint; outcome: SbiOutcome } => {
    const { x } = harts[hartId];
    x.fill(0n, 10, 18);
    args.forEach((arg, i) => (x[10 + i] = BigInt.asUintN(64, BigInt(arg))));
    x[16] = BigInt(fid);
    x[17] = BigInt(id);
    const outcome = sbiCall(env, hartId);
    return { error: BigInt.asIntN(64, x[10]), value: x[11], outcome };
  };
  return {
    env,
    harts,
    log,
    callFrom,
    call: callFrom.bind(undefined, 0),
    pending: (hart: number, interrupt: InterruptNumber) => ((harts[hart].mip.load() >>> interrupt) & 1) === 1,
  };
}
