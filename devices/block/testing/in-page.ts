/** A blank page of the development server, in which a browser test calls functions that have imported the sources. */

import { fileURLToPath } from 'node:url';
import type { Page } from '@playwright/test';

const source = (name: string): string => `/@fs${fileURLToPath(new URL(`../${name}`, import.meta.url))}`;

export type Disks = typeof import('../disks.ts');
export type Manage = Disks &
  typeof import('../manage/clone.ts') &
  typeof import('../manage/commit.ts') &
  typeof import('../manage/move.ts') &
  typeof import('../manage/overlay.ts') &
  typeof import('../manage/reset.ts');
const MANAGE = ['disks.ts', ...['clone', 'commit', 'move', 'overlay', 'reset'].map((name) => `manage/${name}.ts`)];

/** Opens a blank page of `origin`, a URL that ends in a slash. */
export async function openBlank(page: Page, origin: string): Promise<void> {
  const url = `${origin}blank-for-tests`;
  await page.route(url, (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>blank' }));
  await page.goto(url);
}

/** Calls `action` in the page with the functions of disks.ts. Both must do with what they are given. */
export function withDisks<A, T>(
  page: Page,
  action: (disks: Disks, argument: A) => Promise<T>,
  argument: A,
): Promise<T> {
  const call = async ([module, text, given]: [string, string, unknown]): Promise<unknown> => {
    const disks = (await import(module)) as Disks;
    const parsed = (0, eval)(`(${text})`) as (disks: Disks, argument: unknown) => Promise<unknown>;
    return parsed(disks, given);
  };
  const given: [string, string, unknown] = [source('disks.ts'), String(action), argument];
  return page.evaluate(call, given) as Promise<T>;
}

/** Runs in a worker: imports modules, and calls what it is sent with what they export. */
const SERVE = `onmessage = async ({ data: [modules, text, given] }) => {
  try {
    const exported = await Promise.all(modules.map((module) => import(module)));
    postMessage({ value: await (0, eval)('(' + text + ')')(Object.assign({}, ...exported), given) });
  } catch (error) {
    postMessage({ error: (error.reason ?? error.name) + ': ' + error.message });
  }
};`;

/** Calls `action` in a worker of the page, the same each time, where disks can be in files too. Both must do with what they are given. */
export async function inWorker<A, T>(
  page: Page,
  action: (manage: Manage, argument: A) => Promise<T>,
  argument: A,
): Promise<T> {
  const call = async ([serve, ...sent]: [string, string[], string, unknown]): Promise<{
    value?: unknown;
    error?: string;
  }> => {
    const held = globalThis as unknown as { diskWorker?: Worker };
    const script = URL.createObjectURL(new Blob([serve], { type: 'text/javascript' }));
    const worker = (held.diskWorker ??= new Worker(script, { type: 'module' }));
    const [modules, text, given] = sent;
    worker.postMessage([modules.map((module) => new URL(module, location.href).href), text, given]);
    return new Promise((resolve) => {
      worker.onmessage = ({ data }) => resolve(data as { value?: unknown; error?: string });
      worker.onerror = ({ message }) => resolve({ error: message });
    });
  };
  const { value, error } = await page.evaluate(call, [SERVE, MANAGE.map(source), String(action), argument] as [
    string,
    string[],
    string,
    unknown,
  ]);
  if (error !== undefined) throw new Error(error);
  return value as T;
}

/** Calls `action` in the page with some of the sources, named relative to devices/block/. */
export function withSources<T>(
  page: Page,
  names: readonly string[],
  action: (modules: readonly unknown[]) => Promise<T>,
): Promise<T> {
  const call = async ([modules, text]: [string[], string]): Promise<unknown> => {
    const loaded = await Promise.all(modules.map((module) => import(module) as Promise<unknown>));
    const parsed = (0, eval)(`(${text})`) as (modules: readonly unknown[]) => Promise<unknown>;
    return parsed(loaded);
  };
  return page.evaluate(call, [names.map(source), String(action)] as [string[], string]) as Promise<T>;
}
