/** One paragraph of a control file: field names in lower case, continuation lines joined by newlines. */
export type Paragraph = ReadonlyMap<string, string>;

/**
 * Reads Debian control data, deb822(5): Packages, Release and .sources files.
 * @param wanted keeps these fields alone (lower case): Packages is 50 MB, and most of it is descriptions
 */
export function* parseParagraphs(text: string, wanted?: ReadonlySet<string>): Generator<Paragraph> {
  let paragraph = new Map<string, string>();
  let field: string | undefined;
  for (let start = 0; start < text.length;) {
    let end = text.indexOf('\n', start);
    if (end < 0) end = text.length;
    const line = text.slice(start, text[end - 1] === '\r' ? end - 1 : end);
    start = end + 1;

    if (line.trim() === '') {
      if (paragraph.size > 0) yield paragraph;
      paragraph = new Map();
      field = undefined;
    } else if (line.startsWith('#')) {
      continue;
    } else if (line[0] === ' ' || line[0] === '\t') {
      if (field !== undefined) paragraph.set(field, `${paragraph.get(field) ?? ''}\n${line.trim()}`);
    } else {
      const colon = line.indexOf(':');
      const name = line.slice(0, Math.max(colon, 0)).toLowerCase();
      field = colon > 0 && (wanted === undefined || wanted.has(name)) ? name : undefined;
      if (field !== undefined) paragraph.set(field, line.slice(colon + 1).trim());
    }
  }
  if (paragraph.size > 0) yield paragraph;
}

/** The words of a field whose value is a list, over all its lines. */
export function words(paragraph: Paragraph, field: string): string[] {
  return (paragraph.get(field) ?? '').split(/\s+/).filter((word) => word !== '');
}
