import type { DiskEntry, ImageFormat, ImportedDisk } from '../../machine/api-disks.ts';
import type { StoreKind } from '../../machine/api.ts';
import type { Host } from '../machine/host.ts';
import type { OwnFile } from '../machine/plan.ts';
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
  readonly #host: () => Host;
  readonly #jobs: Jobs;

  constructor(host: () => Host, jobs: Jobs) {
    this.#host = host;
    this.#jobs = jobs;
  }

  /** Makes a disk of an image; resolves to it, or to nothing if none was made. */
  async import({ blob, name }: OwnFile, store: StoreKind | undefined): Promise<ImportedDisk | undefined> {
    let made: ImportedDisk | undefined;
    await this.#jobs.run(`Importing ${name}`, async (proceed) => {
      const options = { name: nameOfImport(name), ...(store && { store }) };
      made = await this.#host().disks.import(blob, name, options, proceed);
      askToKeep();
      const message = `${name} is the disk “${made.name}” now, of ${formatBytes(made.size)}.`;
      return { message: [message, ...made.warnings].join(' ') };
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
      const written = await this.#host().disks.export(disk.id, options, proceed);
      const message = `${fileName} is written: ${formatBytes(written.size)}.`;
      if (!written.file) return { message };
      const url = URL.createObjectURL(written.file);
      download(url, fileName);
      const kept = 'The browser keeps a copy until this page is closed.';
      return { message: `${message} ${kept}`, file: { url, name: fileName } };
    });
  }

  async delete(disk: DiskEntry): Promise<boolean> {
    const name = nameOfDisk(disk);
    return this.#jobs.run(`Deleting “${name}”`, async () => {
      await this.#host().disks.delete(disk.id);
      return { message: `“${name}” is deleted.` };
    });
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
