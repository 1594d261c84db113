import type { Paragraph } from './deb822.ts';
import { ImageError } from './errors.ts';
import { compareVersions } from './version.ts';

/** What identifies a package file; this is what the lock file holds. */
export interface Pin {
  readonly name: string;
  readonly version: string;
  readonly sha256: string;
}

/** A package of a suite, as its index has it. */
export interface Package extends Pin {
  readonly url: URL;
  /** Of the file, in bytes. */
  readonly size: number;
  /** One entry for each dependency: the names of its alternatives, in order of preference. Versions are not looked at: a suite fits itself. */
  readonly depends: readonly (readonly string[])[];
  readonly provides: readonly string[];
}

/** The fields of an index that {@link packageOf} reads. */
export const PACKAGE_FIELDS: ReadonlySet<string> = new Set(
  'package version sha256 filename size depends pre-depends provides'.split(' '),
);

/** @throws ImageError `bad-archive` */
export function packageOf(paragraph: Paragraph, base: URL): Package {
  const required = (field: string) => {
    const value = paragraph.get(field);
    if (value === undefined) throw new ImageError('bad-archive', `A package in the index has no ${field}.`);
    return value;
  };
  return {
    name: required('package'),
    version: required('version'),
    sha256: required('sha256'),
    url: new URL(required('filename'), base),
    size: Number(required('size')),
    depends: [...relations(paragraph.get('pre-depends')), ...relations(paragraph.get('depends'))],
    provides: relations(paragraph.get('provides')).flat(),
  };
}

/** `a (>= 1), b:any | c` to `[["a"], ["b", "c"]]`. */
function relations(field = ''): string[][] {
  return field
    .split(',')
    .map((each) => each.split('|').map((name) => name.trim().split(/[\s:([<]/)[0] ?? ''))
    .filter(([first]) => first !== undefined && first !== '');
}

/** All packages of some suites: the newest of each name, and who provides what. */
export class Catalogue {
  readonly #byName = new Map<string, Package[]>();
  readonly #providers = new Map<string, Package[]>();

  constructor(packages: Iterable<Package>) {
    for (const each of packages) {
      append(this.#byName, each.name, each);
      for (const name of each.provides) append(this.#providers, name, each);
    }
    for (const versions of this.#byName.values()) versions.sort((a, b) => compareVersions(b.version, a.version));
  }

  /** The newest package of a name. */
  newest(name: string): Package | undefined {
    return this.#byName.get(name)?.[0];
  }

  /** The very package that a pin names, if it is still there. */
  pinned(pin: Pin): Package | undefined {
    return this.#byName.get(pin.name)?.find((each) => each.version === pin.version && each.sha256 === pin.sha256);
  }

  /** Packages that provide a virtual one, in a fixed order. */
  providers(name: string): Package[] {
    return [...(this.#providers.get(name) ?? [])].sort((a, b) => (a.name < b.name ? -1 : 1));
  }
}

function append<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}

/**
 * The packages that `roots` need, themselves included, by name in order. Of alternatives, one that is already chosen counts,
 * then the first that exists, then the first provider.
 * @param without names that are left out with all that only they need
 * @throws ImageError `no-package`
 */
export function resolve(catalogue: Catalogue, roots: readonly string[], without: ReadonlySet<string>): Package[] {
  const chosen = new Map<string, Package>();
  const provided = new Set<string>();
  const queue: { readonly alternatives: readonly string[]; readonly by: string }[] = roots.map((root) => ({
    alternatives: [root],
    by: 'the list of packages',
  }));
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const { alternatives, by } = next;
    if (alternatives.some((name) => chosen.has(name) || provided.has(name) || without.has(name))) continue;
    const found =
      alternatives.map((name) => catalogue.newest(name)).find((each) => each !== undefined) ??
      alternatives.flatMap((name) => catalogue.providers(name))[0];
    if (found === undefined)
      throw new ImageError('no-package', `The suite has no package ${alternatives.join(' or ')}, which ${by} needs.`);
    chosen.set(found.name, found);
    for (const name of found.provides) provided.add(name);
    queue.push(...found.depends.map((each) => ({ alternatives: each, by: found.name })));
  }
  return [...chosen.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}
