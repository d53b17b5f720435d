/** Takes CSV apart: commas, quotes doubled inside quotes, lines ended any way. Undefined: a quote is not closed. */
export function parseCsv(text: string): string[][] | undefined {
  const rows: string[][] = [];
  let row: string[] = [];
  // One cell with what ends it; a quoted one may hold commas and line ends.
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n][^,\r\n]*)|)(,|\r\n|\n|\r|$)/y;
  const end = text.replace(/(?:\r\n|\n|\r)$/, '');
  while (cell.lastIndex <= end.length) {
    const match = cell.exec(end);
    if (!match) return undefined;
    const [, quoted, plain, after] = match;
    row.push(quoted?.replaceAll('""', '"') ?? plain ?? '');
    if (after === ',') continue;
    rows.push(row);
    row = [];
    if (after === '') return rows;
  }
  return rows;
}
