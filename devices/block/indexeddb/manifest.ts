/** What an overlay remembers of what it lies over: an image, or a disk of this store. */
export interface BaseReference {
  /** As in {@link BaseImage.identity}: over anything else the overlay would be rubbish. */
  readonly identity: string;
  /** Where it came from, for the person and to open it again. */
  readonly url?: string;
  readonly size: number;
  /** The id of the disk of this store that it is. */
  readonly disk?: string;
}

/** Where the chunks of a disk are kept: in its database, or in a file of the origin private file system. */
export type StoreKind = 'indexeddb' | 'opfs';

/** What a disk is: the record `manifest` of its database. */
export interface DiskManifest {
  readonly schemaVersion: number;
  readonly id: string;
  /** What the person calls it. */
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  readonly chunkSize: number;
  /** Where its chunks are; default: in the database. */
  readonly store?: StoreKind;
  /** Names of its layers, the lowest first. The last one takes the writes; those before it are frozen. */
  readonly layers: readonly string[];
  readonly base?: BaseReference;
  /** Names its content as long as disks may lie over it: until this is taken away, nothing is written to it. */
  readonly frozen?: string;
  /** The id of the overlay whose changes are being written into it. Until they all are, its own content is neither old nor new. */
  readonly committing?: string;
  /** Milliseconds since 1970. */
  readonly created: number;
}
