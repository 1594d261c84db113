/** The disk that random programs run on. */

import { SECTOR } from '../backend.ts';
import { CHUNK_SIZE } from '../chunks.ts';
import type { CacheLimits } from '../store-backend.ts';

const PER_CHUNK = CHUNK_SIZE / SECTOR;
/** The last chunk is a partial one. */
export const SECTORS = 5 * PER_CHUNK + 3;
export const size = SECTORS * SECTOR;
/** Small, so that everything happens: writers wait, chunks are evicted, transactions are many. */
export const limits: CacheLimits = { dirty: 4, batch: 2, depth: 2, idle: 1, clean: 2, ahead: 2 };

/** What a base reads as, a byte for each sector. It ends within chunk 3, and its chunk 1 is zero. */
export const initial = (sector: number): number =>
  sector >= 3 * PER_CHUNK + 5 || Math.floor(sector / PER_CHUNK) === 1 ? 0 : 1 + (sector % 255);
export const image = Uint8Array.from({ length: (3 * PER_CHUNK + 5) * SECTOR }, (_, i) => initial(i >> 9));
