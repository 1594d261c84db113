import { createHash } from 'node:crypto';
import { ImageError } from './errors.ts';
import { resolve, type Catalogue, type Package, type Pin } from './packages.ts';
import { initrdPackages, KERNEL, rootPackages, rootWithout } from './recipes.ts';

/** The images that packages go into. */
export const groups = ['kernel', 'initrd', 'root'] as const;
export type Group = (typeof groups)[number];

/** Which packages the images are made of, to the byte: the content of images.lock.json. */
export interface Lock {
  readonly format: 1;
  /** When the suite was in this state (RFC 9110 date); files in the images carry this time. */
  readonly date: string;
  readonly packages: Readonly<Record<Group, readonly Pin[]>>;
}

/** @throws ImageError `bad-archive` if this is no lock file of a known format */
export function parseLock(text: string): Lock {
  const lock = JSON.parse(text) as Partial<Lock>;
  const isPin = ({ name, version, sha256 }: Pin) =>
    typeof name === 'string' && typeof version === 'string' && /^[0-9a-f]{64}$/.test(sha256);
  const isLock =
    lock.format === 1 &&
    !Number.isNaN(Date.parse(lock.date ?? '')) &&
    groups.every((group) => lock.packages?.[group]?.every(isPin));
  if (!isLock)
    throw new ImageError('bad-archive', 'guest/images.lock.json is not a lock file that this version can read.');
  return lock as Lock;
}

/** The lock as its file holds it: one package a line, so that a change reads well. */
export function formatLock({ format, date, packages }: Lock): string {
  const list = (pins: readonly Pin[]) =>
    pins.map(({ name, version, sha256 }) => `      ${JSON.stringify({ name, version, sha256 })}`).join(',\n');
  const lists = groups.map((group) => `    "${group}": [\n${list(packages[group])}\n    ]`).join(',\n');
  return `{\n  "format": ${format},\n  "date": ${JSON.stringify(date)},\n  "packages": {\n${lists}\n  }\n}\n`;
}

/** A short name for a lock's content. */
export function lockId(lock: Lock): string {
  return createHash('sha256').update(formatLock(lock)).digest('hex').slice(0, 16);
}

/** What the recipes ask for, in the suite's current versions. */
export function currentPackages(catalogue: Catalogue): Record<Group, Package[]> {
  const kernel = catalogue
    .newest(KERNEL)
    ?.depends.flat()
    .map((name) => catalogue.newest(name))
    .find((each) => each?.name.startsWith('linux-image-'));
  if (kernel === undefined)
    throw new ImageError('no-package', `The suite has no kernel: nothing that ${KERNEL} needs.`);
  return {
    kernel: [kernel],
    // A statically linked program needs nothing else.
    initrd: initrdPackages.map((name) => {
      const found = catalogue.newest(name);
      if (found === undefined) throw new ImageError('no-package', `The suite has no package ${name}.`);
      return found;
    }),
    root: resolve(catalogue, rootPackages, rootWithout),
  };
}

/** A package that is to be had: pinned and in the cache already, or at an address. */
export type Source = Pin | Package;

export interface Selection {
  readonly packages: Readonly<Record<Group, readonly Source[]>>;
  /** One sentence for each package that is not the locked one. */
  readonly replaced: readonly string[];
}

/**
 * The packages that a lock names, where they can still be had. A group with one that is gone is put together anew from the suite, with the
 * locked versions of those that remain.
 * @param isCached whether a package file is in the cache, which is as good as on the mirror
 */
export function select(lock: Lock, catalogue: Catalogue, isCached: (pin: Pin) => boolean): Selection {
  const locate = (pin: Pin): Source | undefined => catalogue.pinned(pin) ?? (isCached(pin) ? pin : undefined);
  const current = currentPackages(catalogue);
  const replaced: string[] = [];
  const entries = groups.map((group): [Group, readonly Source[]] => {
    const pins = lock.packages[group];
    const located = pins.map(locate);
    if (located.every((each) => each !== undefined)) return [group, located];

    const byName = new Map(pins.map((pin) => [pin.name, pin]));
    const chosen = current[group].map((each) => {
      const pin = byName.get(each.name);
      byName.delete(each.name);
      const still = pin && locate(pin);
      if (still !== undefined) return still;
      replaced.push(
        pin === undefined
          ? `${each.name} ${each.version} is needed now, and is not in the lock file.`
          : `${pin.name} ${pin.version} is not on the mirror any more: ${each.version} takes its place.`,
      );
      return each;
    });
    for (const pin of byName.values()) replaced.push(`${pin.name} ${pin.version} is not needed any more.`);
    return [group, chosen];
  });
  return {
    packages: Object.fromEntries(entries) as Record<Group, readonly Source[]>,
    replaced: [...new Set(replaced)],
  };
}

/** The lock that a choice amounts to. */
export function lockOf(packages: Readonly<Record<Group, readonly Pin[]>>, date: string): Lock {
  const pinsOf = (group: Group) => packages[group].map(({ name, version, sha256 }) => ({ name, version, sha256 }));
  return { format: 1, date, packages: { kernel: pinsOf('kernel'), initrd: pinsOf('initrd'), root: pinsOf('root') } };
}
