/**
 * Traps and returns from them (privileged architecture, "Supervisor and Machine Trap Setup" and "Trap-Return
 * Instructions"). Written over the emitter, so that every engine runs the same definition.
 */
import type { Bits, Cond, StateEmitter } from './emitter.ts';
import { MPP_SHIFT, MSTATUS, SPP_SHIFT } from './mstatus.ts';

/** Bit 63 of a cause: an interrupt. */
export const INTERRUPT = 1n << 63n;

/** Enters the trap handler for `cause` at `pc`: sets the registers, the privilege, and `pc` to the vector. */
export function enterTrap(s: StateEmitter, cause: Bits, tval: Bits): void {
  const code = s.let(cause.and(63));
  const isInterrupt = s.let(cause.shrU(63));
  const delegated = s.select(isInterrupt.ne(0), s.get('mideleg'), s.get('medeleg')).shrU(code).and(1);
  const privilege = s.let(s.get('privilege'));
  const status = s.let(s.get('mstatus'));
  const vector = (base: Bits): Bits => {
    const tvec = s.let(base);
    // Mode 1, vectored: interrupts go to base + 4 * cause.
    return tvec.and(-4n).add(tvec.and(1).and(isInterrupt).mul(code.shl(2)));
  };
  s.if(
    delegated.ne(0).and(privilege.ltU(2)),
    () => {
      s.put('sepc', s.get('pc'));
      s.put('scause', cause);
      s.put('stval', tval);
      const spie = s.select(status.and(MSTATUS.SIE).ne(0), MSTATUS.SPIE, 0n);
      const cleared = status.and(~(MSTATUS.SIE | MSTATUS.SPIE | MSTATUS.SPP));
      s.put('mstatus', cleared.or(spie).or(privilege.shl(SPP_SHIFT)));
      s.put('privilege', 1);
      s.put('pc', vector(s.get('stvec')));
    },
    () => {
      s.put('mepc', s.get('pc'));
      s.put('mcause', cause);
      s.put('mtval', tval);
      const mpie = s.select(status.and(MSTATUS.MIE).ne(0), MSTATUS.MPIE, 0n);
      const cleared = status.and(~(MSTATUS.MIE | MSTATUS.MPIE | MSTATUS.MPP));
      s.put('mstatus', cleared.or(mpie).or(privilege.shl(MPP_SHIFT)));
      s.put('privilege', 3);
      s.put('pc', vector(s.get('mtvec')));
    },
  );
  s.notice('mode');
}

/** SRET: illegal in U-mode, and in S-mode with TSR. */
export function returnFromS(s: StateEmitter): void {
  const status = s.let(s.get('mstatus'));
  const privilege = s.let(s.get('privilege'));
  s.if(privilege.eq(0).or(privilege.eq(1).and(status.and(MSTATUS.TSR).ne(0))), () => s.illegal());
  const sie = s.select(status.and(MSTATUS.SPIE).ne(0), MSTATUS.SIE, 0n);
  // Returning to a mode less privileged than M clears MPRV; SPP never names M.
  const cleared = status.and(~(MSTATUS.SIE | MSTATUS.SPP | MSTATUS.MPRV));
  s.put('privilege', status.and(MSTATUS.SPP).shrU(SPP_SHIFT));
  s.put('mstatus', cleared.or(sie).or(MSTATUS.SPIE));
  s.put('pc', s.get('sepc'));
  s.notice('mode');
  s.notice('interrupts');
}

/** MRET: illegal below M-mode. */
export function returnFromM(s: StateEmitter): void {
  s.if(s.get('privilege').ltU(3), () => s.illegal());
  const status = s.let(s.get('mstatus'));
  const mode = s.let(status.and(MSTATUS.MPP).shrU(MPP_SHIFT));
  const mie = s.select(status.and(MSTATUS.MPIE).ne(0), MSTATUS.MIE, 0n);
  const mprv = s.select(mode.eq(3), status.and(MSTATUS.MPRV), 0n);
  s.put('privilege', mode);
  s.put(
    'mstatus',
    status
      .and(~(MSTATUS.MIE | MSTATUS.MPP | MSTATUS.MPRV))
      .or(mie)
      .or(mprv)
      .or(MSTATUS.MPIE),
  );
  s.put('pc', s.get('mepc'));
  s.notice('mode');
  s.notice('interrupts');
}

/** "Machine Interrupt Registers": the order in which simultaneous interrupts are taken, MEI first. */
const PRIORITY = [11, 3, 7, 9, 1, 5];

/** The cause of the interrupt to take now, or 0 for none. */
export function pendingInterrupt(s: StateEmitter): Bits {
  const pending = s.let(s.readMip().and(s.get('mie')));
  const privilege = s.let(s.get('privilege'));
  const status = s.let(s.get('mstatus'));
  const takeable = (mode: number, enabled: bigint, mask: Bits): Bits => {
    const open: Cond = privilege.ltU(mode).or(privilege.eq(mode).and(status.and(enabled).ne(0)));
    return s.let(s.select(open, pending.and(mask), 0));
  };
  const machine = takeable(3, MSTATUS.MIE, s.get('mideleg').xor(-1));
  const supervisor = takeable(1, MSTATUS.SIE, s.get('mideleg'));
  const chosen = s.let(s.select(machine.ne(0), machine, supervisor));
  return PRIORITY.reduceRight(
    (rest, code) => s.select(chosen.shrU(code).and(1).ne(0), INTERRUPT | BigInt(code), rest),
    s.constant(0),
  );
}

/** WFI: illegal in U-mode, and in S-mode with TW. */
export function checkWfi(s: StateEmitter): void {
  const privilege = s.let(s.get('privilege'));
  const timeout = s.get('mstatus').and(MSTATUS.TW).ne(0);
  s.if(privilege.eq(0).or(privilege.eq(1).and(timeout)), () => s.illegal());
}

/** SFENCE.VMA and SINVAL.VMA: illegal in U-mode, and in S-mode with TVM. */
export function checkSfence(s: StateEmitter): void {
  const privilege = s.let(s.get('privilege'));
  const trapped = s.get('mstatus').and(MSTATUS.TVM).ne(0);
  s.if(privilege.eq(0).or(privilege.eq(1).and(trapped)), () => s.illegal());
}
