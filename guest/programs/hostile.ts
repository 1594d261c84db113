/** Guests that are broken, unlucky, or mean harm. */
import type { AssembledProgram } from '../../core/isa/assemble-text.ts';
import { again, machineProgram, sbi, Sbi, setDeadline, supervisorProgram, type Amount } from './runtime.ts';

/** Jumps to where nothing is, with no trap handler there either. */
export function jumpToNowhere(): AssembledProgram {
  return machineProgram(`
main:   csrw    mtvec, zero
        li      t0, 0x10
        jr      t0
`);
}

/** Its trap handler is no code. */
export function garbageHandler(): AssembledProgram {
  return machineProgram(`
main:   la      t0, garbage
        csrw    mtvec, t0
        ecall
        .align  4
garbage: .dword 0
`);
}

/** Traps for ever, with a handler that does something, so that it is none of our business. */
export function endlessTraps(): AssembledProgram {
  return machineProgram(`
main:   la      t0, handler
        csrw    mtvec, t0
        .align  4
handler: addi   t1, t1, 1
        ecall
`);
}

/** Waits for an interrupt that it has not enabled. */
export function sleepForEver(): AssembledProgram {
  return machineProgram(`
main:   csrw    mie, zero
        wfi
        j       main
`);
}

/** Hart 0, or both, stop by the SBI; hart 1 sees that its neighbour has stopped, and powers off if it goes on. */
export function stopProcessors(which: 'one' | 'all'): AssembledProgram {
  return supervisorProgram(`
main:   call    barrier
        ${which === 'one' ? 'bnez s0, watch' : ''}
        ${sbi(Sbi.HSM, 1)}
        j       fail

watch:  li      a0, 0
        ${sbi(Sbi.HSM, 2)}
        li      t0, 1             # STOPPED
        bne     a1, t0, watch
        li      a0, 0
        li      a1, 0
        ${sbi(Sbi.SRST, 0)}
`);
}

/** Asks the SBI for a system reset; ends with the error's negative as its code when that returns. */
export function systemReset(type: number, reason: number): AssembledProgram {
  return supervisorProgram(`
main:   bnez    s0, idle
        li      a0, ${type}
        li      a1, ${reason}
        ${sbi(Sbi.SRST, 0)}
        neg     a0, a0
        j       fail
`);
}

/** Register windows: where, and the mask of offsets. The test finisher is left out: it would end the run. */
const WINDOWS: readonly (readonly [base: number, mask: number])[] = [
  [0x10_1000, 0x3f], // RTC
  [0x200_0000, 0xffff], // ACLINT
  [0x2f0_0000, 0xff],
  [0xc00_0000, 0x3fff], // PLIC
  [0xc20_0000, 0x3fff],
  [0x1000_0000, 0xff], // UART
  [0x1000_1000, 0x7fff], // virtio-mmio
  [0x3000_0000, 0xf_ffff], // PCI configuration space: the first 32 slots
  [0x4001_0000, 0x3fff], // BARs, see below
  [0x4002_0000, 0x3fff],
  [0x4003_0000, 0x3fff],
  [0x4004_0000, 0x3fff],
  [0x4001_0000, 0x3f],
  [0x4003_0000, 0x3f],
  [0x4004_0000, 0x3f],
  [0x5000_0000, 0xffff], // nothing
];
const SLOTS = 4;
const NEXT = 1n;
const WRITE = 2n;
/** Length, flags and next of a descriptor (virtio 1.2, 2.7.5). */
const descriptor = (length: number, flags: bigint, next: number): bigint =>
  BigInt(length) | (flags << 32n) | (BigInt(next) << 48n);
/** Bytes of RAM that rings lie in, and what they name. */
const RINGS = 0x1_0000;

/** The next random number, in s1: xorshift64. Uses t0. */
const RANDOM = `
        slli    t0, s1, 13
        xor     s1, s1, t0
        srli    t0, s1, 7
        xor     s1, s1, t0
        slli    t0, s1, 17
        xor     s1, s1, t0
`;

/**
 * Writes rubbish to every register and ring of the board from both harts, and reads too, as `seed` says. The four PCI
 * slots behind the host bridge are virtio devices; each is now and then set up as a driver does, with rings of rubbish.
 */
export function rubbish(seed: number, amount: Amount): AssembledProgram {
  return machineProgram(`
main:   la      t0, skip
        csrw    mtvec, t0
        li      s1, ${seed * 2 + 1}
        slli    t0, s0, 32
        add     s1, s1, t0
        la      s2, windows
        la      s3, rings
        li      s4, 0
        li      s5, ${amount.rounds}
        ${setDeadline('s6', amount)}
        call    barrier

step:   ${RANDOM}
        srli    t1, s1, 8
        andi    t1, t1, 15
        slli    t1, t1, 4
        add     t1, t1, s2
        ld      a1, 0(t1)         # a register
        ld      t2, 8(t1)
        srli    t3, s1, 20
        and     t3, t3, t2
        andi    t2, s1, 0x40
        bnez    t2, anywhere
        andi    t3, t3, -4
anywhere:
        add     a1, a1, t3
        call    value             # what to write, in a2
        andi    t1, s1, 7
        li      t2, 3
        bltu    t1, t2, write
        beq     t1, t2, read
        li      t2, 5
        bltu    t1, t2, ring
        beq     t1, t2, notify
        li      t2, 7
        bltu    t1, t2, advance
        andi    t1, s1, 0x700
        beqz    t1, set_up

next:   addi    s4, s4, 1
        bnez    s0, step
        andi    t1, s4, 255
        bnez    t1, step
        ${again('step', 's6', 's4', 's5')}
        j       pass

write:  srli    t1, s1, 40
        andi    t1, t1, 3
        li      t2, 1
        beqz    t1, write_byte
        beq     t1, t2, write_half
        li      t2, 2
        beq     t1, t2, write_word
        sd      a2, 0(a1)
        j       next
write_byte:
        sb      a2, 0(a1)
        j       next
write_half:
        sh      a2, 0(a1)
        j       next
write_word:
        sw      a2, 0(a1)
        j       next

read:   srli    t1, s1, 40
        andi    t1, t1, 3
        li      t2, 1
        beqz    t1, read_byte
        beq     t1, t2, read_half
        li      t2, 2
        beq     t1, t2, read_word
        ld      a2, 0(a1)
        j       next
read_byte:
        lbu     a2, 0(a1)
        j       next
read_half:
        lhu     a2, 0(a1)
        j       next
read_word:
        lw      a2, 0(a1)
        j       next

ring:   li      t1, ${RINGS - 8}
        srli    t2, s1, 20
        and     t1, t1, t2
        add     t1, t1, s3
        sd      a2, 0(t1)
        j       next

        # The BAR of a random slot, in a3.
slot:   srli    t1, s1, 30
        andi    t1, t1, ${SLOTS - 1}
        addi    t1, t1, 1
        slli    a4, t1, 15
        slli    a3, t1, 16
        li      t1, 0x40000000
        add     a3, a3, t1
        li      t1, 0x30000000
        add     a4, a4, t1
        ret

notify: call    slot
        li      t1, 0x3000
        add     t1, t1, a3
        srli    t2, s1, 50
        andi    t2, t2, 1
        sh      t2, 0(t1)
        j       next

advance:
        lhu     t1, 0x402(s3)     # the available ring's index
        srli    t2, s1, 45
        andi    t2, t2, 7
        add     t1, t1, t2
        sh      t1, 0x402(s3)
        j       next

        # As a driver does it: BAR, reset, features, one queue or two, DRIVER_OK.
set_up: call    slot
        sw      a3, 0x10(a4)
        sw      zero, 0x14(a4)
        li      t1, 6
        sh      t1, 4(a4)
        sb      zero, 0x14(a3)
        li      t1, 3
        sb      t1, 0x14(a3)
        sw      zero, 0(a3)
        lw      t2, 4(a3)
        sw      zero, 8(a3)
        sw      t2, 12(a3)
        li      t1, 1
        sw      t1, 8(a3)
        sw      t1, 12(a3)
        li      t1, 11
        sb      t1, 0x14(a3)
        li      t3, 0
queue:  sh      t3, 0x16(a3)
        sw      s3, 0x20(a3)
        sw      zero, 0x24(a3)
        li      t1, 0x400
        add     t1, t1, s3
        sw      t1, 0x28(a3)
        sw      zero, 0x2c(a3)
        li      t1, 0x1000
        add     t1, t1, s3
        sw      t1, 0x30(a3)
        sw      zero, 0x34(a3)
        li      t1, 64
        sh      t1, 0x18(a3)
        li      t1, 1
        sh      t1, 0x1c(a3)
        addi    t3, t3, 1
        li      t1, 2
        bltu    t3, t1, queue
        # A request that a disk takes, as far as nobody spoils it: header, data for either side, status.
        li      t1, 0x2000
        add     t1, t1, s3
        sd      t1, 0(s3)
        li      t2, ${descriptor(16, NEXT, 1)}
        sd      t2, 8(s3)
        srli    t2, s1, 24
        andi    t2, t2, 15
        sd      t2, 0(t1)         # type
        srli    t2, s1, 53
        sd      t2, 8(t1)         # sector
        addi    t1, t1, 512
        sd      t1, 16(s3)
        li      t2, ${descriptor(512, NEXT, 2)}
        srli    t3, s1, 21
        andi    t3, t3, 1
        slli    t3, t3, 33        # WRITE
        or      t2, t2, t3
        sd      t2, 24(s3)
        addi    t1, t1, 512
        sd      t1, 32(s3)
        li      t2, ${descriptor(1, WRITE, 0)}
        sd      t2, 40(s3)
        sw      zero, 0x404(s3)
        li      t1, 0x10000       # one entry
        sw      t1, 0x400(s3)
        li      t1, 15
        sb      t1, 0x14(a3)
        li      t1, 0x3000
        add     t1, t1, a3
        sh      zero, 0(t1)
        j       next

        # Rubbish of several kinds, in a2.
value:  srli    t1, s1, 34
        andi    t1, t1, 3
        mv      a2, s1
        beqz    t1, value_done
        andi    a2, s1, 15
        li      t2, 1
        beq     t1, t2, value_done
        li      a2, ${RINGS - 1}
        and     a2, a2, s1
        add     a2, a2, s3
        li      t2, 2
        beq     t1, t2, value_done
        li      a2, -1
value_done:
        ret

        .align  4
skip:   csrw    mscratch, t0
        csrr    t0, mepc
        addi    t0, t0, 4
        csrw    mepc, t0
        csrr    t0, mscratch
        mret

        .align  8
windows:
        .dword  ${WINDOWS.flat().join(', ')}
        .align  4096
rings:  .zero   ${RINGS}
`);
}
