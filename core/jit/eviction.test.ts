/** Much more code than there is room for, one after the other and again: hours of a machine's work in miniature. */
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { beforeAll, describe, expect, test } from 'vitest';
import { assemble } from '../isa/assemble.ts';
import { assembleText } from '../isa/assemble-text.ts';
import { Exit } from '../shared/hart-state.ts';
import { HotHart, RAM, type HotOptions } from './testing/hot-hart.ts';

const PAGES = 64;
const ROUNDS = 12;
/** Room for about ten functions. */
const CAPACITY = 8000;
/** In milliseconds, on a busy host. */
const PATIENCE = 60_000;

const NUMBER = { rd: 10, rs1: 10 } as const;

/**
 * Calls a function in each of many pages, in turns. The function of one page is another one from round to round, and every
 * function calls one of another page.
 */
const { bytes } = assembleText(`
        li    s0, ${ROUNDS}
round:  la    s1, functions
        andi  t0, s0, ${PAGES - 1}
        slli  t0, t0, 12
        add   t0, t0, s1
        slli  t1, s0, 20
        li    t2, ${assemble('addi', NUMBER)}
        or    t1, t1, t2
        sw    t1, 0(t0)
        fence.i
        li    s2, ${PAGES}
page:   li    s3, 8
again:  callr s1
        addi  s3, s3, -1
        bnez  s3, again
        li    t0, 4096
        add   s1, s1, t0
        addi  s2, s2, -1
        bnez  s2, page
        addi  s0, s0, -1
        bnez  s0, round
        wfi
leaf:   slli  t1, a0, 5
        xor   a0, a0, t1
        ret
        ${Array.from({ length: PAGES }, (_, i) => {
          const begin = i === 0 ? '.align 4096\nfunctions:' : '.align 4096\n';
          return `${begin} .word ${assemble('addi', { ...NUMBER, imm: i })}
        mv    t5, ra
        li    t3, 6
loop${i}: addi a0, a0, ${i}
        xor   a0, a0, t3
        addi  t3, t3, -1
        bnez  t3, loop${i}
        call  leaf
        jr    t5`;
        }).join('\n')}
`);

function loaded(options: HotOptions): HotHart {
  const made = new HotHart(options);
  made.ram.write(RAM, bytes);
  return made;
}

let collect: () => void;

beforeAll(() => {
  setFlagsFromString('--expose-gc');
  collect = runInNewContext('gc') as () => void;
});

describe.each([false, true])('code for which there is no room (taking the base: %s)', (takesBase) => {
  const expected = loaded({});
  const actual = loaded({ hotLimit: 3, codeCapacity: CAPACITY, takesBase });
  const { compiled } = actual.hart;
  const most = { size: 0, functions: 0, pages: 0 };

  beforeAll(() => {
    expect(expected.runOn()).toBe(Exit.WFI);
    for (let exit: number = Exit.BUDGET; exit === Exit.BUDGET;) {
      exit = actual.run(200);
      actual.coolDown();
      most.size = Math.max(most.size, compiled.size);
      most.functions = Math.max(most.functions, compiled.functions);
      most.pages = Math.max(most.pages, compiled.pages);
    }
  }, PATIENCE);

  test('is interpreted, compiled again and right, each time that it comes back', () => {
    expect([...actual.view.x].slice(0, 32)).toEqual([...expected.view.x].slice(0, 32));
    expect([actual.view.pc, actual.view.instret]).toEqual([expected.view.pc, expected.view.instret]);
    expect(Number(actual.view.statCompiled)).toBeGreaterThan(0.2 * Number(actual.view.instret));
    expect(actual.installed).toBeGreaterThan(10 * PAGES);
    expect(compiled.evicted).toBeGreaterThan(10 * PAGES);
  });

  test('is never more than there is room for', () => {
    expect(most.size).toBeGreaterThan(CAPACITY / 2);
    expect(most.size).toBeLessThanOrEqual(CAPACITY);
    expect(most.functions).toBeLessThan(PAGES);
    expect(most.pages).toBeLessThanOrEqual(most.functions);
  });

  test('gives its place in the table to others', () => {
    expect(actual.installed).toBeGreaterThan(1024);
    expect(compiled.table.length).toBe(1024);
  });

  test('is let go of by the host', async () => {
    for (let tries = 0; tries < 5; tries++) {
      await sleep(10);
      collect();
    }
    const alive = actual.instances.filter((instance) => instance.deref() !== undefined).length;
    expect(alive).toBeLessThan(PAGES);
  });
});
