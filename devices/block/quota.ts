/** What the browser allows this origin to store. */

export interface Quota {
  /** Bytes that the origin occupies; engines follow deletions with some delay (docs/storage.md). */
  readonly usage: number;
  /** Bytes that it may occupy. */
  readonly quota: number;
  /** True when the browser will not clear it without asking. */
  readonly persistent: boolean;
}

/** As much of it as may be missing: not every browser tells an estimate. */
interface Storage {
  estimate?(): Promise<{ readonly usage?: number; readonly quota?: number }>;
  persisted?(): Promise<boolean>;
}

function storage(): Storage {
  const { navigator } = globalThis as { readonly navigator?: { readonly storage?: Storage } };
  return navigator?.storage ?? {};
}

/** Zeroes where the browser does not tell. */
export async function quota(): Promise<Quota> {
  const { usage = 0, quota: limit = 0 } = (await storage().estimate?.()) ?? {};
  return { usage, quota: limit, persistent: (await storage().persisted?.()) ?? false };
}
