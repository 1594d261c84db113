/** What the compiler does beyond translating: each pass can be switched off, and what is left is still right. */
import { hostFuses } from '../wasm/relaxed.ts';

export interface Passes {
  /**
   * Registers whose value is known, a constant or a distance from the region's page, are not kept in locals but folded
   * into what reads them: `lui` and `addi`, `auipc` and `ld`.
   */
  readonly constants: boolean;
  /** A guest register is not copied for a moment in which it does not change. */
  readonly copies: boolean;
  /** The data context of the TLBs is read once for a region, not at each access. */
  readonly context: boolean;
  /** Accesses by the same base register share one look into the TLB. See access-groups.ts. */
  readonly groups: boolean;
  /** Accesses in loops remember the page that they found last. See remembered-pages.ts. */
  readonly pages: boolean;
  /** Loops look into the TLBs and at attention once for many iterations. See strips.ts. */
  readonly strips: boolean;
  /** Short branches become selections. See selects.ts. */
  readonly selects: boolean;
  /** Calls within a page are jumps within a region. See enter-calls.ts. */
  readonly calls: boolean;
  /** Jumps to registers go by tables of where they were seen to lead. */
  readonly tables: boolean;
  /** Floating point is calculated by the host's operations where their results are certain. See inline-float.ts. */
  readonly floats: boolean;
  /** The host multiplies and adds with one rounding (core/wasm/relaxed.ts), and `floats` may use that. */
  readonly fuses: boolean;
}

export const ALL_PASSES: Passes = {
  constants: true,
  copies: true,
  context: true,
  groups: true,
  pages: true,
  strips: true,
  selects: true,
  calls: true,
  tables: true,
  floats: true,
  fuses: hostFuses(),
};
export const NO_PASSES: Passes = {
  constants: false,
  copies: false,
  context: false,
  groups: false,
  pages: false,
  strips: false,
  selects: false,
  calls: false,
  tables: false,
  floats: false,
  fuses: false,
};
