/**
 * The loop of the compiler's thread: sleeps until a hart asks, compiles what was asked for since, and posts it. It runs
 * beside the harts, which go on interpreting meanwhile, and ends when its thread is ended.
 *
 * Behind each batch it lets the thread's tasks run: an engine frees a module, and its machine code, in a task that it
 * posts when it has found that nothing leads to the module in this thread.
 */
import { RegionCompiler, type RegionInfo, type RegionRequest } from '../core/jit/compiler.ts';
import { placeOf, sharedPlace } from '../core/jit/emit-region.ts';
import {
  CompileQueue,
  takeRequests,
  WHOLE_PAGE,
  type CompileQueueView,
  type CompileRequest,
} from '../core/shared/compile-queue.ts';
import { Attention } from '../core/shared/hart-state.ts';
import { getAttention } from '../core/shared/interrupts.ts';
import { PAGE_SIZE } from '../core/shared/memory-map.ts';
import { PageStates } from '../core/shared/page-states.ts';
import { Board, type BoardShape } from './board.ts';
import { contentOf, KnownCode, type KnownPage } from './known-code.ts';
import { RememberedCode } from './remembered-code.ts';

/** What the compiler's thread is given at its start. Can be posted. */
export interface CompilerInit {
  readonly memory: WebAssembly.Memory;
  readonly shape: BoardShape;
  /** What was hot before. */
  readonly known?: readonly KnownPage[];
}

/** What it posts to a hart. */
export interface CodeMessage {
  readonly module: WebAssembly.Module;
  readonly size: number;
  readonly regions: readonly RegionInfo[];
}

/** Regions compiled together, at most: they are waited for. */
const BATCH = 16;
/** Bytes of modules that are remembered for other harts which will ask for the same. */
const REMEMBERED = 2 << 20;

/**
 * Milliseconds for which nothing is compiled that is not hot. A boot runs most of its code for a moment, while the browser
 * still compiles the interpreter: to compile any of it sooner is no gain.
 */
const RECALL_AFTER = 3000;
/** How often a page of one content is compiled without being hot anew. */
const RECALLS = 16;

/**
 * Compiles for the harts, for ever; the promise is rejected with what is thrown. `posts`: how a message goes to each
 * hart; `learned` is told what is worth keeping.
 */
export function runCompiler(
  { memory, shape, known }: CompilerInit,
  posts: readonly ((message: CodeMessage) => void)[],
  learned: (pages: readonly KnownPage[]) => void,
): Promise<never> {
  return new CompilerLoop(new Board(memory, shape), posts, new KnownCode(known), learned).run();
}

class CompilerLoop {
  readonly #board: Board;
  readonly #posts: readonly ((message: CodeMessage) => void)[];
  readonly #queues: readonly CompileQueueView[];
  readonly #compiler: RegionCompiler;
  readonly #remembered = new RememberedCode<CodeMessage>(REMEMBERED);
  readonly #states: PageStates;
  readonly #known: KnownCode;
  readonly #learned: (pages: readonly KnownPage[]) => void;
  readonly #recalls = new Map<string, number>();
  /** Of each hart, pages that were found to hold code, and are not looked at yet. */
  readonly #found: CompileRequest[][];
  readonly #recallFrom = performance.now() + RECALL_AFTER;

  constructor(
    board: Board,
    posts: readonly ((message: CodeMessage) => void)[],
    known: KnownCode,
    learned: (pages: readonly KnownPage[]) => void,
  ) {
    const { memory, map } = board;
    this.#known = known;
    this.#found = map.harts.map(() => []);
    this.#learned = learned;
    this.#board = board;
    this.#states = new PageStates(memory, map);
    this.#posts = posts;
    this.#queues = map.harts.map(({ compileQueue }) => CompileQueue.view(memory.buffer, compileQueue));
    // A hart alone has its state at constant addresses; several share code that is given them.
    this.#compiler = new RegionCompiler(memory, map, map.harts.length === 1 ? placeOf(map, 0) : sharedPlace(map));
  }

  async run(): Promise<never> {
    const bell = this.#board.control.compilerBell;
    for (;;) {
      const rung = bell.load();
      const served = this.#queues.map((queue, hart) => this.#serve(queue, hart));
      if (served.includes(true)) await tasks();
      else bell.wait(rung, this.#found.flat().length > 0 ? this.#untilRecall() : Infinity);
    }
  }

  /** False when the hart has asked for nothing. */
  #serve(queue: CompileQueueView, hart: number): boolean {
    const taken = takeRequests(queue, BATCH);
    const found = this.#found[hart];
    found.push(...taken.filter(({ offset }) => offset === WHOLE_PAGE));
    const recalled = this.#untilRecall() > 0 ? [] : found.splice(0, BATCH);
    if (taken.length === 0 && recalled.length === 0) return false;
    const began = performance.now();
    const hot = taken.filter(({ offset }) => offset !== WHOLE_PAGE);
    const requests = [...hot, ...recalled.flatMap((request) => this.#recall(request))];
    const known = new Set(requests.map((request) => this.#remembered.find(keyOf(request))));
    for (const message of known) if (message) this.#post(queue, hart, message);
    const fresh = this.#compile(
      requests.filter((request) => !this.#remembered.find(keyOf(request))),
      hart,
    );
    if (fresh) this.#post(queue, hart, fresh);
    if (fresh) this.#learn(fresh.regions);
    this.#board.harts[hart].statCompileTime += BigInt(Math.round((performance.now() - began) * 1000));
    return true;
  }

  #untilRecall(): number {
    return Math.max(0, this.#recallFrom - performance.now());
  }

  /** What is known of a page by its content. */
  #recall({ page, version }: CompileRequest): RegionRequest[] {
    if (this.#states.version(page) !== version) return [];
    const content = this.#contentOf(page);
    const profiles = this.#known.find(content);
    const recalls = this.#recalls.get(content) ?? 0;
    if (profiles.length === 0 || recalls >= RECALLS) return [];
    this.#recalls.set(content, recalls + 1);
    return profiles.map((profile) => ({ page, version, offset: profile.offset, entries: 0, profile }));
  }

  #learn(regions: readonly RegionInfo[]): void {
    const pages = regions.map(({ page, profile }) => ({ content: this.#contentOf(page), profiles: [profile] }));
    this.#known.add(pages);
    this.#learned(pages);
  }

  #contentOf(page: number): string {
    const { memory, map } = this.#board;
    return contentOf(new Int32Array(memory.buffer, map.ram + page * PAGE_SIZE, PAGE_SIZE / 4));
  }

  #compile(requests: readonly RegionRequest[], hart: number): CodeMessage | undefined {
    const compiled = this.#compiler.compile(requests, hart);
    if (!compiled) return undefined;
    const { bytes, regions } = compiled;
    const message = { module: new WebAssembly.Module(bytes), size: bytes.length, regions };
    if (this.#queues.length > 1) this.#remembered.add(requests.map(keyOf), message);
    return message;
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

/** Lets what waits in the thread run. By a message: a timer would wait for milliseconds, and a hart with it. */
function tasks(): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}

const keyOf = ({ page, version, offset }: CompileRequest): string => `${page} ${version} ${offset}`;
