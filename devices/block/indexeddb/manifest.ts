/** What an overlay remembers of the base image that it lies over. */
export interface BaseReference {
  /** As in {@link BaseImage.identity}: over anything else the overlay would be rubbish. */
  readonly identity: string;
  /** Where it came from, for the person and to open it again. */
  readonly url?: string;
  readonly size: number;
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
  /** Milliseconds since 1970. */
  readonly created: number;
}
