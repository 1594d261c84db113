import { describe, expect, it } from 'vitest';
import { sectionOf, stripModule } from './elf.ts';

const SHT = { PROGBITS: 1, SYMTAB: 2, STRTAB: 3, RELA: 4, NOBITS: 8 };
const ALLOC = 2;
const UNDEFINED = 0;

interface Symbol {
  readonly name: string;
  readonly section: number;
  readonly value: number;
  readonly global?: boolean;
}

interface Section {
  readonly name: string;
  readonly type: number;
  readonly flags?: number;
  readonly data?: Uint8Array;
  readonly size?: number;
  readonly link?: number;
  readonly info?: number;
}

/** Assembles a relocatable file; section 0 is added in front, and the table of section names at the end. */
function assemble(sections: readonly Section[]): Buffer {
  const all: Section[] = [{ name: '', type: 0 }, ...sections];
  all.push({
    name: '.shstrtab',
    type: SHT.STRTAB,
    data: Buffer.from(all.map(({ name }) => `${name}\0`).join('') + '.shstrtab\0'),
  });
  const chunks: Buffer[] = [];
  const table = Buffer.alloc(64 * all.length);
  let at = 64;
  let nameAt = 0;
  all.forEach(({ name, type, flags = 0, data = new Uint8Array(), size = data.length, link = 0, info = 0 }, index) => {
    const padded = Buffer.alloc((data.length + 7) & ~7);
    padded.set(data);
    const row = table.subarray(64 * index);
    [nameAt, type].forEach((value, field) => row.writeUInt32LE(value, 4 * field));
    [flags, 0, at, size].forEach((value, field) => row.writeBigUInt64LE(BigInt(value), 8 + 8 * field));
    [link, info].forEach((value, field) => row.writeUInt32LE(value, 40 + 4 * field));
    row.writeBigUInt64LE(index === 0 ? 0n : 8n, 48);
    chunks.push(padded);
    at += padded.length;
    nameAt += name.length + 1;
  });
  const header = Buffer.alloc(64);
  header.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  header.writeUInt16LE(1, 16);
  header.writeUInt16LE(243, 18);
  header.writeBigUInt64LE(BigInt(at), 40);
  [64, 0, 0, 64, all.length, all.length - 1].forEach((value, field) => header.writeUInt16LE(value, 52 + 2 * field));
  return Buffer.concat([header, ...chunks, table]);
}

function symbolTable(symbols: readonly Symbol[]): { table: Buffer; names: Buffer } {
  const table = Buffer.alloc(24 * (symbols.length + 1));
  let names = '\0';
  symbols.forEach(({ name, section, value, global = false }, index) => {
    const at = 24 * (index + 1);
    table.writeUInt32LE(names.length, at);
    table[at + 4] = global ? 0x10 : 0;
    table.writeUInt16LE(section, at + 6);
    table.writeBigUInt64LE(BigInt(value), at + 8);
    names += `${name}\0`;
  });
  return { table, names: Buffer.from(names) };
}

function relocation(offset: number, type: number, symbol: number, addend: number): Buffer {
  const entry = Buffer.alloc(24);
  entry.writeBigUInt64LE(BigInt(offset), 0);
  entry.writeUInt32LE(type, 8);
  entry.writeUInt32LE(symbol, 12);
  entry.writeBigInt64LE(BigInt(addend), 16);
  return entry;
}

/** What the relocations of a section mean: `offset type name@section+value addend`. */
function meanings(file: Buffer, relocations: string): string[] {
  const symtab = Buffer.from(sectionOf(file, '.symtab') ?? []);
  const strtab = Buffer.from(sectionOf(file, '.strtab') ?? []);
  const entries = Buffer.from(sectionOf(file, relocations) ?? []);
  return Array.from({ length: entries.length / 24 }, (_, index) => {
    const symbol = symtab.subarray(24 * entries.readUInt32LE(24 * index + 12));
    const from = symbol.readUInt32LE(0);
    const name = strtab.toString('latin1', from, strtab.indexOf(0, from));
    const section = symbol.readUInt16LE(6) === 0 ? 'undefined' : sectionName(file, symbol.readUInt16LE(6));
    const offset = entries.readBigUInt64LE(24 * index);
    return `${offset} ${entries.readUInt32LE(24 * index + 8)} ${name}@${section}+${symbol.readBigUInt64LE(8)} ${entries.readBigInt64LE(24 * index + 16)}`;
  });
}

function sectionName(file: Buffer, index: number): string {
  const names = Buffer.from(sectionOf(file, '.shstrtab') ?? []);
  const from = file.readUInt32LE(Number(file.readBigUInt64LE(40)) + 64 * index);
  return names.toString('latin1', from, names.indexOf(0, from));
}

// Local symbols first, as the ABI wants them. Sections: 1 .debug, 2 .rela.debug, 3 .text, 4 .rela.text, 5 .bss, 6 .symtab, 7 .strtab.
const { table, names } = symbolTable([
  { name: '.L1', section: 3, value: 4 },
  { name: '.Lunused', section: 3, value: 5 },
  { name: 'local', section: 3, value: 6 },
  { name: 'unused', section: 3, value: 7 },
  { name: 'debug', section: 1, value: 0 },
  { name: 'init_module', section: 3, value: 8, global: true },
  { name: 'printk', section: UNDEFINED, value: 0, global: true },
]);
const text = Buffer.from('the code of the module');
const module = assemble([
  { name: '.debug_info', type: SHT.PROGBITS, data: Buffer.alloc(100, 1) },
  { name: '.rela.debug_info', type: SHT.RELA, link: 6, info: 1, data: relocation(0, 2, 5, 0) },
  { name: '.text', type: SHT.PROGBITS, flags: ALLOC, data: text },
  {
    name: '.rela.text',
    type: SHT.RELA,
    flags: 0x40,
    link: 6,
    info: 3,
    data: Buffer.concat([relocation(0, 19, 7, 0), relocation(8, 23, 1, 0), relocation(12, 2, 3, -1)]),
  },
  { name: '.bss', type: SHT.NOBITS, flags: ALLOC, size: 4096 },
  { name: '.symtab', type: SHT.SYMTAB, link: 7, info: 6, data: table },
  { name: '.strtab', type: SHT.STRTAB, data: names },
]);

describe('stripModule', () => {
  const stripped = stripModule(module);

  it('leaves relocations with the meaning they had, and takes the names of labels away', () => {
    expect(meanings(module, '.rela.text')).toEqual([
      '0 19 printk@undefined+0 0',
      '8 23 .L1@.text+4 0',
      '12 2 local@.text+6 -1',
    ]);
    expect(meanings(stripped, '.rela.text')).toEqual([
      '0 19 printk@undefined+0 0',
      '8 23 @.text+4 0',
      '12 2 local@.text+6 -1',
    ]);
  });

  it('keeps what is loaded, and drops debug information with its relocations', () => {
    expect(Buffer.from(sectionOf(stripped, '.text') ?? [])).toEqual(text);
    expect(sectionOf(stripped, '.bss')).toHaveLength(0);
    expect(sectionOf(stripped, '.debug_info')).toBeUndefined();
    expect(sectionOf(stripped, '.rela.debug_info')).toBeUndefined();
    expect(stripped.length).toBeLessThan(module.length);
  });

  it('keeps global symbols that nothing refers to, and the count of local ones', () => {
    expect(Buffer.from(sectionOf(stripped, '.strtab') ?? []).toString()).toBe('\0local\0init_module\0printk\0');
    expect(sectionOf(stripped, '.symtab')).toHaveLength(5 * 24);
    const headers = Number(stripped.readBigUInt64LE(40));
    const rows = Array.from({ length: stripped.readUInt16LE(60) }, (_, index) =>
      stripped.subarray(headers + 64 * index, headers + 64 * (index + 1)),
    );
    const [symtab] = rows.filter((row) => row.readUInt32LE(4) === SHT.SYMTAB);
    expect(symtab?.readUInt32LE(44)).toBe(3);
    const [bss] = rows.filter((row) => row.readUInt32LE(4) === SHT.NOBITS);
    expect(bss?.readBigUInt64LE(32)).toBe(4096n);
    const [rela] = rows.filter((row) => row.readUInt32LE(4) === SHT.RELA);
    expect([rela?.readUInt32LE(40), rela?.readUInt32LE(44)].map((each) => sectionName(stripped, each ?? 0))).toEqual([
      '.symtab',
      '.text',
    ]);
  });

  it('changes nothing when it is done again', () => {
    expect(stripModule(stripped).equals(stripped)).toBe(true);
  });

  it.each([
    ['no ELF file', Buffer.from('hello')],
    ['one cut short', module.subarray(0, module.length - 100)],
    ['one without symbols', assemble([{ name: '.text', type: SHT.PROGBITS, flags: ALLOC, data: text }])],
  ])('refuses %s', (_what, bytes) => {
    expect(() => stripModule(bytes)).toThrow(expect.objectContaining({ code: 'bad-archive' }) as Error);
  });
});
