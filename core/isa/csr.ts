/**
 * The control and status registers (privileged architecture, chapter "Control and Status Registers (CSRs)").
 *
 * A register is a row: number, name, how it reads, how it is written. Bits 9:8 of the number are the lowest privilege
 * that may access it, 11:10 being 11 makes it read-only; what else restricts it is `guard`. Fields are WARL: a write
 * keeps what is legal.
 */
import { PMP_ENTRIES } from '../shared/hart-state.ts';
import type { Bits, Change, Cond, StateEmitter, StateField } from './emitter.ts';
import {
  DELEGABLE,
  ENVCFG,
  INTERRUPTS,
  MENVCFG_WRITABLE,
  MPP_SHIFT,
  MSTATUS,
  MSTATUS_WRITABLE,
  S_INTERRUPTS,
  SENVCFG_WRITABLE,
  SSTATUS_READABLE,
  SSTATUS_WRITABLE,
} from './mstatus.ts';

type Read = (s: StateEmitter) => Bits;
type Write = (s: StateEmitter, value: Bits, old: Bits) => void;

export interface Csr {
  readonly number: number;
  readonly name: string;
  readonly read: Read;
  /** Given the new value and the old. Absent for registers that ignore writes, or that the number makes read-only. */
  readonly write?: Write;
  /** Further conditions; calls `illegal` when they fail. */
  readonly guard?: (s: StateEmitter) => void;
}

/** A register that is a field of the hart's state, with a mask of the bits that can be written. */
function plain(number: number, name: StateField, writable = -1n, change?: Change): Csr {
  return {
    number,
    name,
    read: (s) => s.get(name),
    write(s, value) {
      s.put(name, writable === -1n ? value : value.and(writable));
      if (change) s.notice(change);
    },
  };
}

const constant = (number: number, name: string, value: bigint): Csr => ({
  number,
  name,
  read: (s) => s.constant(value),
  write: () => undefined,
});

/** The bits of `mask` from `value`, the others as they were. */
const merge = (old: Bits, value: Bits, mask: bigint): Bits => old.and(~mask).or(value.and(mask));

const illegalIf = (s: StateEmitter, condition: Cond): void => s.if(condition, () => s.illegal());

// --- mstatus and sstatus -------------------------------------------------------------------------------------------

/** SD is not stored: it says whether FS is Dirty. */
function readStatus(s: StateEmitter): Bits {
  const status = s.let(s.get('mstatus'));
  return status.or(status.and(MSTATUS.FS).eq(MSTATUS.FS).zext().shl(63));
}

function writeStatus(s: StateEmitter, value: Bits, writable: bigint): void {
  const old = s.let(s.get('mstatus'));
  const merged = s.let(merge(old, value, writable));
  // MPP holds 0, 1 or 3; the reserved 2 leaves it as it was.
  const reserved = merged.and(MSTATUS.MPP).eq(2n << BigInt(MPP_SHIFT));
  s.put('mstatus', s.select(reserved, merge(merged, old, MSTATUS.MPP), merged));
  s.notice('mode');
  s.notice('interrupts');
}

// --- interrupts ------------------------------------------------------------------------------------------------------

/** Bits of `mip` that M-mode software can write; STIP belongs to the clock when Sstc is on. */
function writableMip(s: StateEmitter): Bits {
  const stip = s.select(s.get('menvcfg').and(ENVCFG.STCE).eq(0), 1n << 5n, 0n);
  return stip.or(0x202n);
}

/**
 * Only bits that the instruction changes are written: a wire that another thread lowers between the instruction's read
 * and its write is not raised again.
 */
function writeMip(s: StateEmitter, value: Bits, old: Bits, writable: Bits): void {
  const changed = s.let(value.xor(old).and(writable));
  s.changeMip(changed, value.and(changed));
  s.notice('interrupts');
}

// --- counters --------------------------------------------------------------------------------------------------------

const inhibited = (s: StateEmitter, counter: number): Cond => s.get('mcountinhibit').shrU(counter).and(1).ne(0);

/** `cycle` advances with `instret`; a stopped counter's value is its offset. */
function readCounter(s: StateEmitter, counter: 0 | 2): Bits {
  const offset = s.get(counter === 0 ? 'mcycleOffset' : 'minstretOffset');
  return offset.add(s.select(inhibited(s, counter), 0, s.get('instret')));
}

/** Makes `value` what the counter reads once `instret` is `instret`. */
function setCounter(s: StateEmitter, counter: 0 | 2, value: Bits, instret: Bits): void {
  const running = s.select(inhibited(s, counter), 0, instret);
  s.put(counter === 0 ? 'mcycleOffset' : 'minstretOffset', value.sub(running));
}

/** The next instruction reads what was written: the writing one does not count itself ("Zicsr", on side effects). */
function writeCounter(s: StateEmitter, counter: 0 | 2, value: Bits): void {
  setCounter(s, counter, value, s.get('instret').add(1));
}

function writeCountInhibit(s: StateEmitter, value: Bits): void {
  const cycle = s.let(readCounter(s, 0));
  const instret = s.let(readCounter(s, 2));
  s.put('mcountinhibit', value.and(0xffff_fffdn));
  setCounter(s, 0, cycle, s.get('instret'));
  setCounter(s, 2, instret, s.get('instret'));
}

/** U- and S-mode see a counter when `mcounteren`, and for U-mode `scounteren` too, let them. */
function counterGuard(counter: number): (s: StateEmitter) => void {
  return (s) => {
    const privilege = s.let(s.get('privilege'));
    const hidden = (field: 'mcounteren' | 'scounteren'): Cond => s.get(field).shrU(counter).and(1).eq(0);
    illegalIf(
      s,
      privilege
        .ltU(3)
        .and(hidden('mcounteren'))
        .or(privilege.eq(0).and(hidden('scounteren'))),
    );
  };
}

const hpmCounters: Csr[] = Array.from({ length: 29 }, (_, i) => [
  {
    number: 0xb03 + i,
    name: `mhpmcounter${i + 3}`,
    read: (s: StateEmitter) => s.getElement('mhpmcounter', i),
    write: (s: StateEmitter, value: Bits) => s.putElement('mhpmcounter', i, value),
  },
  {
    number: 0xc03 + i,
    name: `hpmcounter${i + 3}`,
    read: (s: StateEmitter) => s.getElement('mhpmcounter', i),
    guard: counterGuard(i + 3),
  },
  {
    number: 0x323 + i,
    name: `mhpmevent${i + 3}`,
    read: (s: StateEmitter) => s.getElement('mhpmevent', i),
    // No events are implemented: the selector holds only "none".
    write: (s: StateEmitter) => s.putElement('mhpmevent', i, 0),
  },
]).flat();

// --- floating point --------------------------------------------------------------------------------------------------

const floatGuard = (s: StateEmitter): void => illegalIf(s, s.get('mstatus').and(MSTATUS.FS).eq(0));
const dirty = (s: StateEmitter): void => s.put('mstatus', s.get('mstatus').or(MSTATUS.FS));

// --- translation and protection ----------------------------------------------------------------------------------------

/** Bare, Sv39, Sv48, Sv57; a write with another mode is ignored as a whole. */
function writeSatp(s: StateEmitter, value: Bits): void {
  const mode = s.let(value.shrU(60));
  s.if(mode.eq(0).or(mode.geU(8).and(mode.ltU(11))), () => {
    s.put('satp', value);
    s.notice('mode');
  });
}

const satpGuard = (s: StateEmitter): void =>
  illegalIf(s, s.get('privilege').eq(1).and(s.get('mstatus').and(MSTATUS.TVM).ne(0)));

const LOCKED = 0x80n;

/** `pmpcfg` registers of RV64 have even numbers and hold 8 entries; a locked entry keeps its byte. */
function pmpcfg(index: number): Csr {
  return {
    number: 0x3a0 + index * 2,
    name: `pmpcfg${index * 2}`,
    read: (s) => s.getElement('pmpcfg', index),
    write(s, value) {
      const old = s.let(s.getElement('pmpcfg', index));
      const locked = s.let(
        old
          .and(LOCKED * 0x0101_0101_0101_0101n)
          .shrU(7)
          .mul(0xff),
      );
      const value9f = s.let(value.and(0x9f9f_9f9f_9f9f_9f9fn));
      const ones = 0x0101_0101_0101_0101n;
      const without = (bit: number, needed: number): Bits =>
        value9f.shrU(bit).and(value9f.shrU(needed).xor(-1)).and(ones).shl(bit);
      // W without R is reserved, and NA4 (bit 4 without bit 3) is smaller than the grain: the one bit is not set.
      const legal = s.let(value9f.xor(without(1, 0)).xor(without(4, 3)));
      s.putElement('pmpcfg', index, old.and(locked).or(legal.and(locked.xor(-1))));
      s.notice('protection');
    },
  };
}

/** An address cannot be written when its entry is locked, nor when the next one is locked and is TOR. */
function pmpaddr(index: number): Csr {
  const config = (s: StateEmitter, entry: number): Bits => s.getElement('pmpcfg', entry >> 3).shrU((entry & 7) * 8);
  return {
    number: 0x3b0 + index,
    name: `pmpaddr${index}`,
    // The grain is 4 KiB (G = 10): bits 8:0 of a power-of-two region read as ones, bits 9:0 of others as zeros.
    read(s) {
      const address = s.let(s.getElement('pmpaddr', index));
      const isPowerOfTwo = config(s, index).and(0x10).ne(0);
      return s.select(isPowerOfTwo, address.or(0x1ff), address.and(~0x3ffn));
    },
    write(s, value) {
      let free = config(s, index).and(LOCKED).eq(0);
      if (index + 1 < PMP_ENTRIES)
        free = free.and(
          config(s, index + 1)
            .and(0x98)
            .ne(0x88),
        );
      s.if(free, () => {
        s.putElement('pmpaddr', index, value.and((1n << 54n) - 1n));
        s.notice('protection');
      });
    },
  };
}

/** CBIE of 2 is reserved and becomes 0. */
function legalEnvcfg(s: StateEmitter, value: Bits, writable: bigint): Bits {
  const masked = s.let(value.and(writable));
  return s.select(masked.and(ENVCFG.CBIE).eq(2n << 4n), masked.and(~ENVCFG.CBIE), masked);
}

function stimecmpGuard(s: StateEmitter): void {
  const enabled = s.get('menvcfg').and(ENVCFG.STCE).ne(0).and(s.get('mcounteren').and(2).ne(0));
  illegalIf(s, s.get('privilege').eq(1).and(enabled.eqz()));
}

/** RV64 with A, C, D, F, I, M, S, U. */
const MISA =
  (2n << 62n) | [...'ACDFIMSU'].reduce((bits, letter) => bits | (1n << BigInt(letter.charCodeAt(0) - 65)), 0n);

/** Every register that exists. */
export const csrs: readonly Csr[] = [
  {
    number: 0x001,
    name: 'fflags',
    guard: floatGuard,
    read: (s) => s.get('fflags'),
    write(s, value) {
      s.put('fflags', value.and(31));
      dirty(s);
    },
  },
  {
    number: 0x002,
    name: 'frm',
    guard: floatGuard,
    read: (s) => s.get('frm'),
    write(s, value) {
      s.put('frm', value.and(7));
      dirty(s);
    },
  },
  {
    number: 0x003,
    name: 'fcsr',
    guard: floatGuard,
    read: (s) => s.get('fflags').or(s.get('frm').shl(5)),
    write(s, value) {
      s.put('fflags', value.and(31));
      s.put('frm', value.shrU(5).and(7));
      dirty(s);
    },
  },

  {
    number: 0x100,
    name: 'sstatus',
    read: (s) => readStatus(s).and(SSTATUS_READABLE),
    write: (s, value) => writeStatus(s, value, SSTATUS_WRITABLE),
  },
  {
    number: 0x104,
    name: 'sie',
    read: (s) => s.get('mie').and(s.get('mideleg')),
    write(s, value) {
      const mask = s.let(s.get('mideleg'));
      s.put('mie', s.get('mie').and(mask.xor(-1)).or(value.and(mask)));
      s.notice('interrupts');
    },
  },
  plain(0x105, 'stvec', ~2n),
  plain(0x106, 'scounteren', 0xffff_ffffn),
  {
    number: 0x10a,
    name: 'senvcfg',
    read: (s) => s.get('senvcfg'),
    write: (s, value) => s.put('senvcfg', legalEnvcfg(s, value, SENVCFG_WRITABLE)),
  },
  plain(0x140, 'sscratch'),
  plain(0x141, 'sepc', ~1n),
  plain(0x142, 'scause'),
  plain(0x143, 'stval'),
  {
    number: 0x144,
    name: 'sip',
    read: (s) => s.readMip().and(s.get('mideleg')),
    write: (s, value, old) => writeMip(s, value, old, s.get('mideleg').and(1n << 1n)),
  },
  { ...plain(0x14d, 'stimecmp', -1n, 'timer'), guard: stimecmpGuard },
  { number: 0x180, name: 'satp', read: (s) => s.get('satp'), write: writeSatp, guard: satpGuard },

  constant(0xf11, 'mvendorid', 0n),
  constant(0xf12, 'marchid', 0n),
  constant(0xf13, 'mimpid', 0n),
  { number: 0xf14, name: 'mhartid', read: (s) => s.get('hartId') },
  constant(0xf15, 'mconfigptr', 0n),
  { number: 0x300, name: 'mstatus', read: readStatus, write: (s, value) => writeStatus(s, value, MSTATUS_WRITABLE) },
  constant(0x301, 'misa', MISA),
  plain(0x302, 'medeleg', DELEGABLE),
  plain(0x303, 'mideleg', S_INTERRUPTS, 'interrupts'),
  plain(0x304, 'mie', INTERRUPTS, 'interrupts'),
  plain(0x305, 'mtvec', ~2n),
  plain(0x306, 'mcounteren', 0xffff_ffffn),
  {
    number: 0x30a,
    name: 'menvcfg',
    read: (s) => s.get('menvcfg'),
    write(s, value) {
      s.put('menvcfg', legalEnvcfg(s, value, MENVCFG_WRITABLE));
      s.notice('protection');
      s.notice('timer');
    },
  },
  { number: 0x320, name: 'mcountinhibit', read: (s) => s.get('mcountinhibit'), write: writeCountInhibit },
  plain(0x340, 'mscratch'),
  plain(0x341, 'mepc', ~1n),
  plain(0x342, 'mcause'),
  plain(0x343, 'mtval'),
  {
    number: 0x344,
    name: 'mip',
    read: (s) => s.readMip(),
    write: (s, value, old) => writeMip(s, value, old, writableMip(s)),
  },
  ...Array.from({ length: PMP_ENTRIES / 8 }, (_, i) => pmpcfg(i)),
  ...Array.from({ length: PMP_ENTRIES }, (_, i) => pmpaddr(i)),

  { number: 0xb00, name: 'mcycle', read: (s) => readCounter(s, 0), write: (s, value) => writeCounter(s, 0, value) },
  { number: 0xb02, name: 'minstret', read: (s) => readCounter(s, 2), write: (s, value) => writeCounter(s, 2, value) },
  { number: 0xc00, name: 'cycle', read: (s) => readCounter(s, 0), guard: counterGuard(0) },
  { number: 0xc01, name: 'time', read: (s) => s.readTime(), guard: counterGuard(1) },
  { number: 0xc02, name: 'instret', read: (s) => readCounter(s, 2), guard: counterGuard(2) },
  ...hpmCounters,
];

const indexes = new Map(csrs.map((csr, index) => [csr.number, index]));

/** Place of a register in {@link csrs}, or -1 when there is none of that number. */
export function csrIndex(number: number): number {
  return indexes.get(number) ?? -1;
}

/** The numbers of those that are floating point's: they need mstatus.FS, and do nothing else than to be read and written. */
export const FLOAT_CSRS: ReadonlySet<number> = new Set([0x001, 0x002, 0x003]);

/** Name of a register, or its number in hexadecimal. */
export function csrName(number: number): string {
  return csrs[csrIndex(number)]?.name ?? `0x${number.toString(16)}`;
}

/**
 * Does what a CSR instruction does, given the register: checks, reads, writes when told to, and returns the old value.
 * `write` receives the old value and gives the new one.
 */
export function accessCsr(s: StateEmitter, csr: Csr, writes: Cond, update: (old: Bits) => Bits): Bits {
  const lowest = (csr.number >> 8) & 3;
  const readOnly = csr.number >> 10 === 3;
  if (lowest > 0) illegalIf(s, s.get('privilege').ltU(lowest));
  if (readOnly) illegalIf(s, writes);
  csr.guard?.(s);
  const old = s.let(csr.read(s));
  const { write } = csr;
  if (write && !readOnly) s.if(writes, () => write(s, s.let(update(old)), old));
  return old;
}
