/**
 * SBI 2.0, chapter 11, "Performance Monitoring Unit Extension".
 *
 *   counter 0       `cycle`, which counts SBI_PMU_HW_CPU_CYCLES (one for each instruction)
 *   counter 1       `instret`, which counts SBI_PMU_HW_INSTRUCTIONS
 *   counter 2 to 9  of the firmware: calls of this SBI
 *
 * The hart's counters run from power-on, for `rdcycle`, until they are first started and stopped here. A stopped
 * counter of the hart is inhibited by `mcountinhibit` and its value is its offset (core/isa/csr.ts); those of the
 * firmware are kept the same way.
 */
import type { HartView } from '../../core/shared/hart-state.ts';
import { failure, SbiError, sharedMemory, success } from './abi.ts';
import type { SbiCall, SbiErrorCode, SbiExtension, SbiReturn } from './abi.ts';
import { FirmwareEvent, HARDWARE_COUNTERS, PMU_COUNTERS, type SbiHartView } from './state.ts';

interface HardwareCounter {
  readonly event: number;
  readonly csr: number;
  /** Its bit of `mcountinhibit`. */
  readonly inhibit: bigint;
  readonly offset: 'mcycleOffset' | 'minstretOffset';
}

/** Events are `event_idx`: type in bits 19:16, code in 15:0. */
const HW_CPU_CYCLES = 1;
const HW_INSTRUCTIONS = 2;
const FIRMWARE_TYPE = 15;

const hardware: readonly HardwareCounter[] = [
  { event: HW_CPU_CYCLES, csr: 0xc00, inhibit: 1n, offset: 'mcycleOffset' },
  { event: HW_INSTRUCTIONS, csr: 0xc02, inhibit: 4n, offset: 'minstretOffset' },
];

const firmwareCodes: ReadonlySet<number> = new Set(Object.values(FirmwareEvent));

/** Table "PMU Counter Config Match Flags". Those of bits 3 to 7 filter by mode, are hints, and are not followed. */
const ConfigFlag = { SKIP_MATCH: 1n, CLEAR_VALUE: 2n, AUTO_START: 4n } as const;
const CONFIG_FLAGS = 0xffn;
/** Table "PMU Counter Start Flags". */
const StartFlag = { SET_INIT_VALUE: 1n, INIT_SNAPSHOT: 2n } as const;
/** Table "PMU Counter Stop Flags". */
const StopFlag = { RESET: 1n, TAKE_SNAPSHOT: 2n } as const;
const START_STOP_FLAGS = 3n;

const COUNTER_WIDTH = 64n;
const FIRMWARE_COUNTER = 1n << 63n;
const PAGE = 4096n;
/** Offset of `counter_values` in the snapshot memory; `counter_overflow_bitmap` is before it. */
const SNAPSHOT_VALUES = 8;
const ALL_ONES = 0xffff_ffff_ffff_ffffn;

export const performance: SbiExtension = {
  id: 0x504d55,
  functions: [
    /* sbi_pmu_num_counters */ () => success(BigInt(PMU_COUNTERS)),
    /* sbi_pmu_counter_get_info */ ({ args: [index] }) => {
      if (index >= BigInt(PMU_COUNTERS)) return failure(SbiError.INVALID_PARAM);
      const counter = hardware[Number(index)];
      return success(counter === undefined ? FIRMWARE_COUNTER : BigInt(counter.csr) | ((COUNTER_WIDTH - 1n) << 12n));
    },
    /* sbi_pmu_counter_config_matching */ configMatching,
    /* sbi_pmu_counter_start */ start,
    /* sbi_pmu_counter_stop */ stop,
    /* sbi_pmu_counter_fw_read */ (call) => {
      const index = firmwareIndex(call.args[0]);
      return index === undefined ? failure(SbiError.INVALID_PARAM) : success(new Counters(call).read(index));
    },
    /* sbi_pmu_counter_fw_read_hi */ ({ args: [index] }) =>
      firmwareIndex(index) === undefined ? failure(SbiError.INVALID_PARAM) : success(0n),
    /* sbi_pmu_snapshot_set_shmem */ setSnapshot,
  ],
};

function firmwareIndex(index: bigint): number | undefined {
  return index >= BigInt(HARDWARE_COUNTERS) && index < BigInt(PMU_COUNTERS) ? Number(index) : undefined;
}

/** A set of counters: each with its place in the mask. Undefined when one of them does not exist. */
function counterSet(base: bigint, mask: bigint): { index: number; place: number }[] | undefined {
  const set: { index: number; place: number }[] = [];
  for (let place = 0; place < 64; place++) {
    if (((mask >> BigInt(place)) & 1n) === 0n) continue;
    const index = base + BigInt(place);
    if (index >= BigInt(PMU_COUNTERS)) return undefined;
    set.push({ index: Number(index), place });
  }
  return set;
}

/** Whether a counter can count an event. */
function canCount(index: number, event: number): boolean {
  if (index < HARDWARE_COUNTERS) return hardware[index].event === event;
  return event >>> 16 === FIRMWARE_TYPE && firmwareCodes.has(event & 0xffff);
}

function configMatching(call: SbiCall): SbiReturn {
  const [base, mask, flags, eventIndex] = call.args;
  const set = counterSet(base, mask);
  if (set === undefined || (flags & ~CONFIG_FLAGS) !== 0n) return failure(SbiError.INVALID_PARAM);
  const counters = new Counters(call);
  const event = eventIndex < 2n ** 20n ? Number(eventIndex) : 0;
  const skip = (flags & ConfigFlag.SKIP_MATCH) !== 0n;
  const found = skip ? set[0] : set.find(({ index }) => canCount(index, event) && counters.isFree(index));
  if (found === undefined) return failure(SbiError.NOT_SUPPORTED);
  const { index } = found;
  if (!skip) counters.configure(index, event);
  if ((flags & ConfigFlag.CLEAR_VALUE) !== 0n) counters.write(index, 0n);
  if ((flags & ConfigFlag.AUTO_START) !== 0n) counters.run(index, true);
  return success(BigInt(index));
}

function start(call: SbiCall): SbiReturn {
  const [base, mask, flags, initial] = call.args;
  const set = counterSet(base, mask);
  const fromSnapshot = (flags & StartFlag.INIT_SNAPSHOT) !== 0n;
  const fromArgument = (flags & StartFlag.SET_INIT_VALUE) !== 0n;
  if (set === undefined || (flags & ~START_STOP_FLAGS) !== 0n || (fromSnapshot && fromArgument)) {
    return failure(SbiError.INVALID_PARAM);
  }
  const counters = new Counters(call);
  if (fromSnapshot && !counters.hasSnapshot) return failure(SbiError.NO_SHMEM);
  let error: SbiErrorCode = SbiError.SUCCESS;
  for (const { index, place } of set) {
    if (counters.isStarted(index)) {
      error = SbiError.ALREADY_STARTED;
      continue;
    }
    if (fromArgument) counters.write(index, initial);
    if (fromSnapshot) counters.write(index, counters.readSnapshot(place));
    counters.run(index, true);
  }
  return failure(error);
}

function stop(call: SbiCall): SbiReturn {
  const [base, mask, flags] = call.args;
  const set = counterSet(base, mask);
  if (set === undefined || (flags & ~START_STOP_FLAGS) !== 0n) return failure(SbiError.INVALID_PARAM);
  const counters = new Counters(call);
  const toSnapshot = (flags & StopFlag.TAKE_SNAPSHOT) !== 0n;
  if (toSnapshot && !counters.hasSnapshot) return failure(SbiError.NO_SHMEM);
  let error: SbiErrorCode = SbiError.SUCCESS;
  for (const { index, place } of set) {
    if (counters.isStarted(index)) counters.run(index, false);
    else error = SbiError.ALREADY_STOPPED;
    if (toSnapshot) counters.writeSnapshot(place, counters.read(index));
    if ((flags & StopFlag.RESET) !== 0n) counters.configure(index, 0);
  }
  return failure(error);
}

function setSnapshot(call: SbiCall): SbiReturn {
  const [low, high, flags] = call.args;
  const state = call.env.state.harts[call.hartId];
  if (flags !== 0n) return failure(SbiError.INVALID_PARAM);
  if (low === ALL_ONES && high === ALL_ONES) {
    state.snapshot = 0n;
    return success();
  }
  if (low % PAGE !== 0n) return failure(SbiError.INVALID_PARAM);
  if (sharedMemory(call, low, high, PAGE) === undefined) return failure(SbiError.INVALID_ADDRESS);
  state.snapshot = low;
  return success();
}

/** The counters of the calling hart. */
class Counters {
  readonly #call: SbiCall;
  readonly #hart: HartView;
  readonly #state: SbiHartView;

  constructor(call: SbiCall) {
    this.#call = call;
    this.#hart = call.hart;
    this.#state = call.env.state.harts[call.hartId];
  }

  isStarted(index: number): boolean {
    return ((this.#state.pmuStarted >>> index) & 1) === 1;
  }

  isFree(index: number): boolean {
    return this.#state.pmuEvent[index] === 0 && !this.isStarted(index);
  }

  /** Says what a counter counts; 0 is nothing. */
  configure(index: number, event: number): void {
    const value = this.read(index);
    this.#state.pmuEvent[index] = event;
    this.write(index, value);
  }

  run(index: number, started: boolean): void {
    const value = this.read(index);
    const bit = 1 << index;
    this.#state.pmuStarted = started ? this.#state.pmuStarted | bit : this.#state.pmuStarted & ~bit;
    const counter = hardware[index];
    if (counter !== undefined) {
      const { mcountinhibit } = this.#hart;
      this.#hart.mcountinhibit = started ? mcountinhibit & ~counter.inhibit : mcountinhibit | counter.inhibit;
    }
    this.write(index, value);
  }

  read(index: number): bigint {
    const counter = hardware[index];
    const offset = counter === undefined ? this.#state.pmuOffset[index] : this.#hart[counter.offset];
    return BigInt.asUintN(64, offset + this.#counted(index));
  }

  write(index: number, value: bigint): void {
    const offset = BigInt.asUintN(64, value - this.#counted(index));
    const counter = hardware[index];
    if (counter === undefined) this.#state.pmuOffset[index] = offset;
    else this.#hart[counter.offset] = offset;
  }

  get hasSnapshot(): boolean {
    return this.#state.snapshot !== 0n;
  }

  readSnapshot(place: number): bigint {
    const bytes = new Uint8Array(8);
    this.#call.env.ram.read(this.#snapshotValue(place), bytes);
    return new DataView(bytes.buffer).getBigUint64(0, true);
  }

  /** Writes a value, and that none has overflowed (there is no Sscofpmf). */
  writeSnapshot(place: number, value: bigint): void {
    const bytes = new Uint8Array(8);
    this.#call.env.ram.write(Number(this.#state.snapshot), bytes);
    new DataView(bytes.buffer).setBigUint64(0, value, true);
    this.#call.env.ram.write(this.#snapshotValue(place), bytes);
  }

  #snapshotValue(place: number): number {
    return Number(this.#state.snapshot) + SNAPSHOT_VALUES + place * 8;
  }

  /** What a running counter's source stands at; 0 when it does not run. */
  #counted(index: number): bigint {
    const counter = hardware[index];
    if (counter !== undefined) return (this.#hart.mcountinhibit & counter.inhibit) === 0n ? this.#hart.instret : 0n;
    const event = this.#state.pmuEvent[index];
    return this.isStarted(index) && event !== 0 ? this.#state.events[event & 0xffff] : 0n;
  }
}
