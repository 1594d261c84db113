import type { DiskMapUpdate } from '../../machine/api.ts';

/**
 * The maps of the machine's disks as they were last told: a store that React subscribes to. It is one of its own, since maps
 * change often, and nothing but their drawing depends on them.
 */
export class DiskMapStore {
  readonly #listeners = new Set<() => void>();
  #maps: ReadonlyMap<number, DiskMapUpdate> = new Map();

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Of one disk of the machine; undefined while nobody watches the disks, or before the first look. */
  get(disk: number): DiskMapUpdate | undefined {
    return this.#maps.get(disk);
  }

  update(updates: readonly DiskMapUpdate[]): void {
    this.#maps = new Map([...this.#maps, ...updates.map((update) => [update.disk, update] as const)]);
    for (const listener of this.#listeners) listener();
  }

  clear(): void {
    this.#maps = new Map();
    this.update([]);
  }
}
