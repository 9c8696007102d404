/** The chooser's table, from the rows of `npm run bench:methods`. */

/** What of a row is read; others are of an older form. */
interface Row {
  readonly data: string;
  readonly side: string;
  readonly method: string;
  readonly encoder: string;
  readonly images: number;
  readonly epochs: number;
  readonly batchSize: number;
  readonly figures: Readonly<Record<string, number>>;
  readonly seconds: number;
  readonly threads: number;
  readonly peakMemory?: number;
  readonly load: number;
}

/** Figures that the chooser looks at. */
const figureNames = ['knn', 'probe10', 'probe60', 'found'] as const;

const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const figuresOf = (rows: readonly Row[]): Record<string, number> =>
  Object.fromEntries(
    figureNames
      .filter((name) => rows.every(({ figures }) => figures[name] !== undefined))
      .map((name) => [name, Number(meanOf(rows.map(({ figures }) => figures[name]!)).toFixed(4))]),
  );

/** Rows of our methods beside random encoders, means over seeds; methods in the order of the rows. */
export function measuredRows(rows: readonly Partial<Row>[]): readonly { readonly [name: string]: Value }[] {
  const known = rows.filter((row): row is Row => row.side !== undefined && row.figures !== undefined);
  const groups = new Map<string, Row[]>();
  for (const row of known) {
    if (row.side !== 'ours') continue;
    const { data, method, encoder, images, epochs, batchSize } = row;
    const key = [data, method, encoder, images, epochs, batchSize].join(' ');
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups.values()].flatMap((own) => {
    const [{ data, method, encoder, images, epochs, batchSize }] = own as [Row];
    const random = known.filter((row) => row.side === 'random' && row.data === data && row.encoder === encoder);
    if (random.length === 0) return [];
    // Of the run that had most of the machine, and that most to itself.
    const { seconds, threads } = own.reduce((one, other) =>
      other.threads > one.threads || (other.threads === one.threads && other.load < one.load) ? other : one,
    );
    const peaks = own.flatMap(({ peakMemory }) => (peakMemory === undefined ? [] : [peakMemory]));
    return [
      {
        data,
        method,
        encoder,
        images,
        epochs,
        batchSize,
        seeds: own.length,
        ...figuresOf(own),
        random: figuresOf(random),
        seconds: Math.round(seconds),
        threads,
        ...(peaks.length === 0 ? {} : { peakMemory: Math.round(Math.max(...peaks)) }),
      },
    ];
  });
}

type Value = number | string | { readonly [name: string]: Value };
const literal = (value: Value): string => {
  if (typeof value !== 'object') return typeof value === 'string' ? `'${value}'` : String(value);
  const entries = Object.entries(value).map(([name, own]) => `${name}: ${literal(own)}`);
  return `{ ${entries.join(', ')} }`;
};

/** The file of the chooser. */
export const measuredFile = (rows: readonly Partial<Row>[]): string =>
  `// Written by \`npm run measured\` from bench/results/methods.json. Do not change by hand.
import type { MeasuredMethod } from './measured-method.js';

/** What \`npm run bench:methods\` has measured. */
export const measured: readonly MeasuredMethod[] = [${measuredRows(rows)
    .map((row) => `\n  ${literal(row)},`)
    .join('')}${measuredRows(rows).length === 0 ? '' : '\n'}];
`;
