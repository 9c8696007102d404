/** What a run of bench/token-store.ts measured; seconds, and MB of the peak of each process's resident set. */
export interface StoreRow {
  readonly gigabytes: number;
  readonly build: Readonly<Record<string, number>>;
  readonly lines: Readonly<Record<string, number>>;
  readonly blocks: Readonly<Record<string, number>>;
  readonly machine: string;
  readonly date: string;
}

const seconds = (value: number | undefined): string =>
  value === undefined ? '-' : String(Number(value.toPrecision(2)));
const count = (value: number | undefined): string =>
  value === undefined ? '-' : Math.round(value).toLocaleString('en');

/** The page of results. */
export function renderStoreRows(rows: readonly StoreRow[]): string {
  const table = rows.map(({ gigabytes, build, lines, blocks }) =>
    [
      `${gigabytes.toPrecision(3)} GB`,
      count(build['texts']),
      count(build['tokens']),
      seconds(build['seconds']),
      seconds(build['reopenSeconds']),
      count(build['peakMegabytes']),
      `${seconds(lines['openSeconds'])} + ${seconds(lines['firstBatchSeconds'])}`,
      seconds(lines['trainSeconds']),
      count(lines['peakMegabytes']),
      `${seconds(blocks['openSeconds'])} + ${seconds(blocks['firstBatchSeconds'])}`,
      seconds(blocks['trainSeconds']),
      count(blocks['peakMegabytes']),
    ].join(' | '),
  );
  const machines = [...new Set(rows.map(({ machine, date }) => `${machine}, ${date}`))].join('; ');
  return `# A token store, from a text file to training

Text of Zipf-distributed words, 20 to 120 in a line, one line a text; WordPiece of 8,192 tokens; 20 steps of a BERT of 2 x 128 on 32 sequences of 128 tokens. Seconds, and MB at the peak of a process of its own for building, for training from lines and for training from blocks. "Opened again" is the same call of \`buildTokenStore\` on the finished store; "open + first" is \`TokenStore.open\` and from there to the first batch.

| text | texts | tokens | built | opened again | peak | lines: open + first | 20 steps | peak | blocks: open + first | 20 steps | peak |
|---|---|---|---|---|---|---|---|---|---|---|---|
${table.map((cells) => `| ${cells} |`).join('\n')}

${machines}. By \`npm run bench:token-store -- --gigabytes 1\`.
`;
}
