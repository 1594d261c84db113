// The entry of each thread of Node: lets it load TypeScript, then runs the file that thread.node.ts was asked for.
import { register } from 'tsx/esm/api';

register();
await import(process.argv[2]);
