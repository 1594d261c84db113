/**
 * Interrupt lines into harts: who raises or lowers one changes `mip`, and when it rises sets attention and wakes
 * the hart, in that order, so that a hart that looks at `mip` after taking attention cannot miss it.
 */
import { Attention, type HartView } from './hart-state.ts';

/** Bits of `mip` and `mie` (privileged architecture, section "Machine Interrupt Registers (mip and mie)"). */
export const Interrupt = { SSI: 1, MSI: 3, STI: 5, MTI: 7, SEI: 9, MEI: 11, LCOFI: 13 } as const;
export type InterruptNumber = (typeof Interrupt)[keyof typeof Interrupt];

/** Sets a hart's pending bit to the level of a wire. */
export function setInterrupt(hart: HartView, interrupt: InterruptNumber, level: boolean): void {
  const bit = 1 << interrupt;
  if (!level) {
    hart.mip.and(~bit);
    return;
  }
  if ((hart.mip.or(bit) & bit) === 0) getAttention(hart, Attention.INTERRUPT);
}

/** Makes a hart leave guest code soon, or wakes it from WFI. `bits` are of {@link Attention}. */
export function getAttention(hart: HartView, bits: number): void {
  hart.attention.or(bits);
  hart.attention.notify();
}
