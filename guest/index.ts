import { existsSync } from 'node:fs';

export interface PrepareOptions {
  /** Receives one line of progress at a time, without a newline. */
  readonly log: (line: string) => void;
}

interface Preparation {
  readonly prepareImages: (options: PrepareOptions) => Promise<unknown>;
}

/** Makes the guest images that the page and the runner start from, in public/guest/. Returns at once when they are there. */
export async function prepareImages(options: PrepareOptions): Promise<void> {
  const recipes = new URL('./prepare.ts', import.meta.url);
  if (!existsSync(recipes)) {
    options.log('There are no guest images to prepare yet.');
    return;
  }
  const preparation = (await import(recipes.href)) as Preparation;
  await preparation.prepareImages(options);
}
