import { ImageError } from './errors.ts';

// ELF-64 little-endian, as the System V ABI (gABI 4.1, chapter 4) lays it out. Offsets within the structures:
//
//   Elf64_Ehdr   e_type 16 | e_machine 18 | e_shoff 40 | e_shentsize 58 | e_shnum 60 | e_shstrndx 62   size 64
//   Elf64_Shdr   sh_name 0 | sh_type 4 | sh_flags 8 | sh_offset 24 | sh_size 32 | sh_link 40 | sh_info 44 | sh_addralign 48   size 64
//   Elf64_Sym    st_name 0 | st_info 4 | st_shndx 6 | st_value 8 | st_size 16                           size 24
//   Elf64_Rela   r_offset 0 | r_info 8 (type 0..31, symbol 32..63) | r_addend 16                        size 24

const EHDR = 64;
const SHDR = 64;
const SYM = 24;
const RELA = 24;

const ET_REL = 1;
const SHT_SYMTAB = 2;
const SHT_RELA = 4;
const SHT_NOBITS = 8;
const SHT_GROUP = 17;
const SHT_SYMTAB_SHNDX = 18;
const SHF_ALLOC = 2n;
const SHF_INFO_LINK = 0x40n;
const SHN_LORESERVE = 0xff00;
const STB_LOCAL = 0;
const STT_SECTION = 3;

interface Section {
  readonly name: string;
  readonly header: DataView;
  /** Its bytes; empty for SHT_NOBITS. */
  readonly data: Uint8Array;
}

interface ElfObject {
  readonly ehdr: Uint8Array;
  readonly sections: readonly Section[];
}

/** @throws ImageError `bad-archive` */
function parse(bytes: Uint8Array): ElfObject {
  // Not a Buffer, whose slice() does not copy.
  const file = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const isElf64 = file.length >= EHDR && view.getUint32(0) === 0x7f454c46 && file[4] === 2 && file[5] === 1;
  if (!isElf64 || view.getUint16(16, true) !== ET_REL || view.getUint16(58, true) !== SHDR)
    throw new ImageError('bad-archive', 'A kernel module is no relocatable 64-bit ELF file.');

  const [table, count] = [Number(view.getBigUint64(40, true)), view.getUint16(60, true)];
  const slice = (offset: number, size: number) => {
    if (offset + size > file.length) throw new ImageError('bad-archive', 'A kernel module is cut short.');
    return file.subarray(offset, offset + size);
  };
  const raw = Array.from({ length: count }, (_, index) => {
    const header = new DataView(slice(table + index * SHDR, SHDR).slice().buffer);
    const size = header.getUint32(4, true) === SHT_NOBITS ? 0 : Number(header.getBigUint64(32, true));
    return { header, data: slice(Number(header.getBigUint64(24, true)), size) };
  });
  const names = raw[view.getUint16(62, true)]?.data ?? new Uint8Array();
  return {
    ehdr: slice(0, EHDR).slice(),
    sections: raw.map((section) => ({ ...section, name: stringAt(names, section.header.getUint32(0, true)) })),
  };
}

function stringAt(table: Uint8Array, at: number): string {
  const end = table.indexOf(0, at);
  return Buffer.from(table.subarray(at, end < 0 ? table.length : end)).toString('latin1');
}

/** The content of a section, or undefined if there is none of that name. */
export function sectionOf(file: Uint8Array, name: string): Uint8Array | undefined {
  return parse(file).sections.find((section) => section.name === name)?.data;
}

/**
 * Strips a kernel module to what loading it needs. Left out are sections that are neither loaded nor read by the loader (debug
 * information, BTF, comments) and local symbols that no relocation names: Debian's ext4.ko has 212,000 of these, labels that the
 * assembler left behind because RISC-V code may be relaxed by the linker. Relocations are changed to the symbols' new numbers.
 * Names of labels (`.L…`) go as well, since nothing looks for them.
 * @throws ImageError `bad-archive`
 */
export function stripModule(file: Uint8Array): Buffer {
  const { ehdr, sections } = parse(file);
  const typeOf = (section: Section) => section.header.getUint32(4, true);
  const kept = sections.filter((section, index) => index === 0 || isNeeded(section, sections));
  const newIndex = new Map(kept.map((section, index) => [sections.indexOf(section), index]));
  if (kept.some((section) => typeOf(section) === SHT_GROUP || typeOf(section) === SHT_SYMTAB_SHNDX))
    throw new ImageError('bad-archive', 'A kernel module has section groups or more than 65,000 sections.');

  const symtab = sections.find((section) => typeOf(section) === SHT_SYMTAB);
  const strtab = symtab && sections[symtab.header.getUint32(40, true)];
  if (symtab === undefined || strtab === undefined)
    throw new ImageError('bad-archive', 'A kernel module has no symbols.');
  const relocations = kept.filter((section) => typeOf(section) === SHT_RELA);
  const symbols = selectSymbols(symtab.data, strtab.data, relocations, newIndex);

  // Each section with what replaces its data and its header's fields.
  const shstrtab = sections[new DataView(ehdr.buffer).getUint16(62, true)];
  const names = new StringTable();
  const out = kept.map((section) => {
    const header = new DataView(section.header.buffer.slice(0));
    header.setUint32(0, names.add(section.name), true);
    header.setUint32(40, newIndex.get(header.getUint32(40, true)) ?? 0, true);
    let data: Uint8Array = section.data;
    if (section === symtab) {
      data = symbols.table;
      header.setUint32(44, symbols.firstGlobal, true);
    } else if (section === strtab) {
      data = symbols.names;
    } else if (typeOf(section) === SHT_RELA) {
      data = renumbered(section.data, symbols.newNumber);
      header.setUint32(44, newIndex.get(header.getUint32(44, true)) ?? 0, true);
    } else if (header.getBigUint64(8, true) & SHF_INFO_LINK) {
      header.setUint32(44, newIndex.get(header.getUint32(44, true)) ?? 0, true);
    }
    return { section, header, data };
  });
  for (const each of out) if (each.section === shstrtab) each.data = names.bytes();

  return layOut(ehdr, out, kept.indexOf(shstrtab ?? kept[0]));
}

function isNeeded(section: Section, all: readonly Section[]): boolean {
  const flags = section.header.getBigUint64(8, true);
  if (flags & SHF_ALLOC) return true;
  const type = section.header.getUint32(4, true);
  if (type === SHT_RELA) {
    const target = all[section.header.getUint32(44, true)];
    return target !== undefined && isNeeded(target, all);
  }
  return type === SHT_SYMTAB || section.name === '.strtab' || section.name === '.shstrtab';
}

interface Symbols {
  readonly table: Uint8Array;
  readonly names: Uint8Array;
  readonly firstGlobal: number;
  /** From old number to new; -1 for one that is gone. */
  readonly newNumber: Int32Array;
}

function selectSymbols(
  table: Uint8Array,
  names: Uint8Array,
  relocations: readonly Section[],
  newSection: ReadonlyMap<number, number>,
): Symbols {
  const view = new DataView(table.buffer, table.byteOffset, table.byteLength);
  const count = table.length / SYM;
  const used = new Uint8Array(count);
  for (const { data } of relocations) {
    const entries = new DataView(data.buffer, data.byteOffset, data.byteLength);
    for (let at = 0; at < data.length; at += RELA) used[entries.getUint32(at + 12, true)] = 1;
  }

  const newNumber = new Int32Array(count).fill(-1);
  const chosen: number[] = [];
  const strings = new StringTable();
  let firstGlobal = 0;
  // The ABI wants local symbols first, and they are: the order stays.
  for (let number = 0; number < count; number++) {
    const isLocal = view.getUint8(number * SYM + 4) >> 4 === STB_LOCAL;
    if (number > 0 && isLocal && used[number] === 0) continue;
    const section = view.getUint16(number * SYM + 6, true);
    const isGone = section > 0 && section < SHN_LORESERVE && !newSection.has(section);
    if (isGone && used[number] === 0) continue;
    if (isGone) throw new ImageError('bad-archive', 'A kernel module refers to a section that is not loaded.');
    newNumber[number] = chosen.length;
    chosen.push(number);
    if (isLocal) firstGlobal = chosen.length;
  }

  const out = new Uint8Array(chosen.length * SYM);
  const outView = new DataView(out.buffer);
  chosen.forEach((number, index) => {
    out.set(table.subarray(number * SYM, (number + 1) * SYM), index * SYM);
    const name = stringAt(names, view.getUint32(number * SYM, true));
    const isSection = (view.getUint8(number * SYM + 4) & 15) === STT_SECTION;
    outView.setUint32(index * SYM, isSection || name.startsWith('.L') ? 0 : strings.add(name), true);
    const section = view.getUint16(number * SYM + 6, true);
    outView.setUint16(index * SYM + 6, section < SHN_LORESERVE ? (newSection.get(section) ?? 0) : section, true);
  });
  return { table: out, names: strings.bytes(), firstGlobal, newNumber };
}

function renumbered(relocations: Uint8Array, newNumber: Int32Array): Uint8Array {
  const out = relocations.slice();
  const view = new DataView(out.buffer);
  for (let at = 0; at < out.length; at += RELA) {
    view.setUint32(at + 12, newNumber[view.getUint32(at + 12, true)] ?? 0, true);
  }
  return out;
}

/** Writes header, sections at their alignment, and the table of sections. */
function layOut(
  ehdr: Uint8Array,
  sections: readonly { readonly header: DataView; readonly data: Uint8Array }[],
  shstrndx: number,
): Buffer {
  let end = EHDR;
  const place = (size: number, alignment: number) => {
    const start = Math.ceil(end / alignment) * alignment;
    end = start + size;
    return start;
  };
  const starts = sections.map(({ header, data }, index) => {
    if (index === 0) return 0;
    const start = place(data.length, Math.max(1, Number(header.getBigUint64(48, true))));
    header.setBigUint64(24, BigInt(start), true);
    if (header.getUint32(4, true) !== SHT_NOBITS) header.setBigUint64(32, BigInt(data.length), true);
    return start;
  });
  const table = place(sections.length * SHDR, 8);

  const out = Buffer.alloc(end);
  out.set(ehdr);
  out.writeBigUInt64LE(BigInt(table), 40);
  out.writeUInt16LE(sections.length, 60);
  out.writeUInt16LE(shstrndx, 62);
  sections.forEach(({ header, data }, index) => {
    out.set(data, starts[index]);
    out.set(new Uint8Array(header.buffer), table + index * SHDR);
  });
  return out;
}

/** A string table that holds each string once; the empty string is at zero. */
class StringTable {
  readonly #at = new Map<string, number>([['', 0]]);
  #length = 1;

  add(text: string): number {
    const found = this.#at.get(text);
    if (found !== undefined) return found;
    const at = this.#length;
    this.#at.set(text, at);
    this.#length += text.length + 1;
    return at;
  }

  bytes(): Uint8Array {
    return Buffer.from([...this.#at.keys()].map((text) => `${text}\0`).join(''), 'latin1');
  }
}
