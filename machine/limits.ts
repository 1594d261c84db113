/** What a machine can be made of, for who describes one. */
export { MAX_HARTS, MAX_RAM } from '../core/shared/memory-map.ts';
