/** A line of RFC 4180, with its end: cells with a comma, a quote, or an end of line are quoted, quotes in them doubled. */
export function csvLine(cells: readonly string[]): string {
  const quoted = cells.map((cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell));
  return `${quoted.join(',')}\r\n`;
}

/**
 * The first record of a text by RFC 4180; a line feed alone ends it, too.
 *
 * @returns its cells, and its length with its end; undefined where the text ends before the record does
 */
export function firstCsvRecord(
  text: string,
): { readonly cells: readonly string[]; readonly length: number } | undefined {
  const cells: string[] = [];
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n)/y;
  for (;;) {
    const found = cell.exec(text);
    if (found === null) return undefined;
    cells.push(found[1]?.replaceAll('""', '"') ?? found[2]!);
    if (found[3] !== ',') return { cells, length: cell.lastIndex };
  }
}
