/** A blank page of the development server, in which a browser test calls functions that have imported the sources. */

import { fileURLToPath } from 'node:url';
import type { Page } from '@playwright/test';

const source = (name: string): string => `/@fs${fileURLToPath(new URL(`../${name}`, import.meta.url))}`;

export type Disks = typeof import('../disks.ts');

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
