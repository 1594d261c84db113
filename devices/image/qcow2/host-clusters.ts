/** Which clusters of the file are in use: a bit for each. */
export class HostClusters {
  readonly #bits: Uint8Array;
  readonly #clusterSize: number;

  constructor(fileSize: number, clusterSize: number) {
    this.#clusterSize = clusterSize;
    this.#bits = new Uint8Array(Math.ceil(fileSize / clusterSize / 8) + 1);
  }

  /** Takes the clusters that a range touches; returns false if one was taken already. The range begins in the file. */
  take(offset: number, length: number): boolean {
    let free = true;
    const last = Math.min(Math.floor((offset + length - 1) / this.#clusterSize), this.#bits.length * 8 - 1);
    for (let cluster = Math.floor(offset / this.#clusterSize); cluster <= last; cluster++) {
      const bit = 1 << (cluster & 7);
      if ((this.#bits[cluster >>> 3] & bit) !== 0) free = false;
      this.#bits[cluster >>> 3] |= bit;
    }
    return free;
  }
}
