/** What the compiler does beyond translating: each pass can be switched off, and what is left is still right. */
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
}

export const ALL_PASSES: Passes = { constants: true, copies: true, context: true };
export const NO_PASSES: Passes = { constants: false, copies: false, context: false };
