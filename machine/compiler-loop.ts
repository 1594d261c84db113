/**
 * The loop of the compiler's thread: sleeps until a hart asks, compiles what was asked for since, and posts it. It runs
 * beside the harts, which go on interpreting meanwhile, and ends when its thread is ended.
 */
import { RegionCompiler, type RegionInfo } from '../core/jit/compiler.ts';
import { placeOf, sharedPlace } from '../core/jit/emit-region.ts';
import {
  CompileQueue,
  takeRequests,
  type CompileQueueView,
  type CompileRequest,
} from '../core/shared/compile-queue.ts';
import { Attention } from '../core/shared/hart-state.ts';
import { getAttention } from '../core/shared/interrupts.ts';
import { Board, type BoardShape } from './board.ts';

/** What the compiler's thread is given at its start. Can be posted. */
export interface CompilerInit {
  readonly memory: WebAssembly.Memory;
  readonly shape: BoardShape;
}

/** What it posts to a hart. */
export interface CodeMessage {
  readonly module: WebAssembly.Module;
  readonly size: number;
  readonly regions: readonly RegionInfo[];
}

/** Regions compiled together, at most: they are waited for. */
const BATCH = 16;
/** Modules that are remembered for other harts which will ask for the same. */
const REMEMBERED = 1024;

/** Compiles for the harts, for ever. `posts`: how a message goes to each hart. */
export function runCompiler({ memory, shape }: CompilerInit, posts: readonly ((message: CodeMessage) => void)[]): void {
  new CompilerLoop(new Board(memory, shape), posts).run();
}

class CompilerLoop {
  readonly #board: Board;
  readonly #posts: readonly ((message: CodeMessage) => void)[];
  readonly #queues: readonly CompileQueueView[];
  readonly #compiler: RegionCompiler;
  readonly #remembered = new Map<string, CodeMessage>();

  constructor(board: Board, posts: readonly ((message: CodeMessage) => void)[]) {
    const { memory, map } = board;
    this.#board = board;
    this.#posts = posts;
    this.#queues = map.harts.map(({ compileQueue }) => CompileQueue.view(memory.buffer, compileQueue));
    // A hart alone has its state at constant addresses; several share code that is given them.
    this.#compiler = new RegionCompiler(memory, map, map.harts.length === 1 ? placeOf(map, 0) : sharedPlace(map));
  }

  run(): void {
    const bell = this.#board.control.compilerBell;
    for (;;) {
      const rung = bell.load();
      const served = this.#queues.map((queue, hart) => this.#serve(queue, hart));
      if (!served.includes(true)) bell.wait(rung);
    }
  }

  /** False when the hart has asked for nothing. */
  #serve(queue: CompileQueueView, hart: number): boolean {
    const requests = takeRequests(queue, BATCH);
    if (requests.length === 0) return false;
    const began = performance.now();
    const known = new Set(requests.map((request) => this.#remembered.get(keyOf(request))));
    for (const message of known) if (message) this.#post(queue, hart, message);
    const fresh = this.#compile(
      requests.filter((request) => !this.#remembered.has(keyOf(request))),
      hart,
    );
    if (fresh) this.#post(queue, hart, fresh);
    this.#board.harts[hart].statCompileTime += BigInt(Math.round((performance.now() - began) * 1000));
    return true;
  }

  #compile(requests: readonly CompileRequest[], hart: number): CodeMessage | undefined {
    const compiled = this.#compiler.compile(requests, hart);
    if (!compiled) return undefined;
    const { bytes, regions } = compiled;
    const message = { module: new WebAssembly.Module(bytes), size: bytes.length, regions };
    if (this.#queues.length > 1) this.#remember(requests, message);
    return message;
  }

  #remember(requests: readonly CompileRequest[], message: CodeMessage): void {
    for (const request of requests) this.#remembered.set(keyOf(request), message);
    for (const key of this.#remembered.keys()) {
      if (this.#remembered.size <= REMEMBERED) break;
      this.#remembered.delete(key);
    }
  }

  #post(queue: CompileQueueView, hart: number, message: CodeMessage): void {
    const view = this.#board.harts[hart];
    view.statModules++;
    view.statRegions += BigInt(message.regions.length);
    view.statTranslated += BigInt(message.regions.reduce((sum, { instructions }) => sum + instructions, 0));
    view.statCodeBytes += BigInt(message.size);
    this.#posts[hart](message);
    queue.posted.add(1);
    getAttention(view, Attention.CODE);
  }
}

const keyOf = ({ page, version, offset }: CompileRequest): string => `${page} ${version} ${offset}`;
