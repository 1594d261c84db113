import type { CreateOptions, DiskEntry, ImageFormat } from '../../machine/api-disks.ts';
import type { StoreKind } from '../../machine/api.ts';
import type { Host } from '../machine/host.ts';
import type { OwnFile } from '../machine/plan.ts';
import type { Session } from '../machine/session.ts';
import { formatBytes } from '../units.ts';
import type { Jobs } from './jobs.ts';
import { askToKeep } from './keep.ts';
import { nameOfDisk, nameOfExport, nameOfImport } from './names.ts';

/** What a page has of the File System Access API (WICG), where it has it. */
interface Picking {
  readonly showSaveFilePicker?: (options: { readonly suggestedName: string }) => Promise<FileSystemFileHandle>;
}

/** What a person does with disks: each is a job, which tells how it went. Nothing here rejects. */
export class DiskWork {
  readonly #session: Pick<Session, 'host' | 'resizeDisk'>;
  readonly #jobs: Jobs;

  constructor(session: Pick<Session, 'host' | 'resizeDisk'>, jobs: Jobs) {
    this.#session = session;
    this.#jobs = jobs;
  }

  /** Makes a disk of an image; resolves to it, or to nothing if none was made. */
  async import({ blob, name }: OwnFile, store: StoreKind | undefined): Promise<DiskEntry | undefined> {
    let made: DiskEntry | undefined;
    await this.#jobs.run(`Importing ${name}`, async (proceed) => {
      const options = { name: nameOfImport(name), ...(store && { store }) };
      const { warnings, ...disk } = await this.#disks.import(blob, name, options, proceed);
      made = disk;
      askToKeep();
      const message = `${name} is the disk “${disk.name}” now, of ${formatBytes(disk.size)}.`;
      return { message: [message, ...warnings].join(' ') };
    });
    return made;
  }

  /**
   * Writes a disk to a file: one that the person chooses, or, where the browser has no way to ask, a download. `base` is the
   * person's file that the disk lies over, if it lies over one.
   */
  async export(disk: DiskEntry, format: ImageFormat, base: Blob | undefined): Promise<void> {
    const suggestedName = nameOfExport(nameOfDisk(disk), format);
    const file = await chooseFile(suggestedName);
    if (file === 'none') return;
    const fileName = file?.name ?? suggestedName;
    await this.#jobs.run(`Exporting ${fileName}`, async (proceed) => {
      const options = { format, fileName, ...(file && { file }), ...(base && { base }) };
      const written = await this.#disks.export(disk.id, options, proceed);
      const message = `${fileName} is written: ${formatBytes(written.size)}.`;
      if (!written.file) return { message };
      const url = URL.createObjectURL(written.file);
      download(url, fileName);
      const kept = 'The browser keeps a copy until this page is closed.';
      return { message: `${message} ${kept}`, file: { url, name: fileName } };
    });
  }

  /** Makes an empty disk; resolves to it, or to nothing if none was made. */
  async create(disk: CreateOptions): Promise<DiskEntry | undefined> {
    let made: DiskEntry | undefined;
    await this.#jobs.runShort(`Making “${disk.name}”`, async () => {
      made = await this.#disks.create(disk);
      askToKeep();
      return { message: `“${disk.name}” is made, of ${formatBytes(disk.size)}.` };
    });
    return made;
  }

  rename(disk: DiskEntry, name: string): Promise<boolean> {
    return this.#jobs.runShort(`Renaming “${nameOfDisk(disk)}”`, async () => {
      await this.#disks.rename(disk.id, name);
      return { message: `“${nameOfDisk(disk)}” is “${name}” now.` };
    });
  }

  clone(disk: DiskEntry, name: string): Promise<boolean> {
    return this.#jobs.run(`Duplicating “${nameOfDisk(disk)}”`, async (proceed) => {
      await this.#disks.clone(disk.id, name, proceed);
      askToKeep();
      return { message: `“${name}” has all that is on “${nameOfDisk(disk)}”.` };
    });
  }

  createOver(disk: DiskEntry, name: string): Promise<boolean> {
    return this.#jobs.runShort(`Making “${name}”`, async () => {
      await this.#disks.createOver(disk.id, name, disk.store);
      askToKeep();
      return { message: `“${name}” lies over “${nameOfDisk(disk)}” now.` };
    });
  }

  /** `isOurs`: the machine of this page has it open, whose guest is told. */
  resize(disk: DiskEntry, size: number, isOurs: boolean): Promise<boolean> {
    return this.#jobs.runShort(`Making “${nameOfDisk(disk)}” larger`, async () => {
      await (isOurs ? this.#session.resizeDisk(disk.id, size) : this.#disks.resize(disk.id, size));
      return { message: `“${nameOfDisk(disk)}” has ${formatBytes(size)} now.` };
    });
  }

  move(disk: DiskEntry, store: StoreKind): Promise<boolean> {
    return this.#jobs.run(`Moving “${nameOfDisk(disk)}”`, async (proceed) => {
      await this.#disks.move(disk.id, store, proceed);
      const place = store === 'opfs' ? 'a file of the browser' : 'the browser’s database';
      return { message: `“${nameOfDisk(disk)}” is kept in ${place} now.` };
    });
  }

  reset(disk: DiskEntry): Promise<boolean> {
    return this.#jobs.runShort(`Resetting “${nameOfDisk(disk)}”`, async () => {
      await this.#disks.reset(disk.id);
      return { message: `“${nameOfDisk(disk)}” is as it was made.` };
    });
  }

  commit(disk: DiskEntry): Promise<boolean> {
    return this.#jobs.run(`Committing “${nameOfDisk(disk)}”`, async (proceed) => {
      await this.#disks.commit(disk.id, proceed);
      return { message: `The changes on “${nameOfDisk(disk)}” are in the disk below it now.` };
    });
  }

  delete(disk: DiskEntry): Promise<boolean> {
    return this.#jobs.runShort(`Deleting “${nameOfDisk(disk)}”`, async () => {
      await this.#disks.delete(disk.id);
      return { message: `“${nameOfDisk(disk)}” is deleted.` };
    });
  }

  get #disks(): Host['disks'] {
    return this.#session.host.disks;
  }
}

/** Asks where to write; undefined if the browser has no such question, `none` if the person wants nothing after all. */
async function chooseFile(suggestedName: string): Promise<FileSystemFileHandle | undefined | 'none'> {
  const picking = globalThis as Picking;
  try {
    return await picking.showSaveFilePicker?.({ suggestedName });
  } catch (error) {
    // It is refused in some frames, where a download is not.
    return error instanceof DOMException && error.name === 'AbortError' ? 'none' : undefined;
  }
}

function download(url: string, name: string): void {
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
}
