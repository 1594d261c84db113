/** The maps of a machine's disks, kept up to date while somebody watches them. */
import { LiveDiskMap } from '../devices/block/disk-map.ts';
import type { DiskMapUpdate } from './api.ts';
import type { OpenDisk } from './open-disks.ts';

export class DiskMaps {
  #disks: readonly Pick<OpenDisk, 'mapped' | 'watchRequests'>[] = [];
  #maps: readonly LiveDiskMap[] = [];
  #cells = 0;

  /** The disks of the machine that runs now. */
  follow(disks: readonly Pick<OpenDisk, 'mapped' | 'watchRequests'>[]): void {
    this.#end();
    this.#disks = disks;
    this.#begin();
  }

  /** In at most so many cells each; 0: nobody watches. */
  watch(cells: number): void {
    const watched = this.#cells > 0;
    this.#cells = cells;
    if (watched && cells > 0) for (const map of this.#maps) map.resize(cells);
    else {
      this.#end();
      this.#begin();
    }
  }

  /** Of the disks that changed, or were used, since the last call; of all, at the first. */
  take(): DiskMapUpdate[] {
    return this.#maps.flatMap((map, disk) => {
      const taken = map.take();
      return taken ? [{ disk, ...taken }] : [];
    });
  }

  #begin(): void {
    if (!(this.#cells > 0)) return;
    this.#maps = this.#disks.map(({ mapped, watchRequests }) => {
      const map = new LiveDiskMap(mapped, this.#cells);
      watchRequests((action, offset, length) => map.note(action, offset, length));
      return map;
    });
  }

  #end(): void {
    for (const { watchRequests } of this.#maps.length > 0 ? this.#disks : []) watchRequests(undefined);
    for (const map of this.#maps) map.end();
    this.#maps = [];
  }
}
