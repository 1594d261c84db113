// The entry of a hart's thread in a test: lets Node load TypeScript, then runs the hart.
import { register } from 'tsx/esm/api';

register();
await import('./resetting-hart.ts');
