// The entry of the other thread in a test: lets Node load TypeScript, then plays its part.
import { register } from 'tsx/esm/api';

register();
await import('./partner.ts');
