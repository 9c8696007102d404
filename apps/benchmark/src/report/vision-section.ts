import type { Measurement } from '../runs/summary.js';
import { duration } from '../runs/duration.js';
import { mapChart } from './map-chart.js';
import { figure, lineFigure, type Html, html } from '@selfsup/ssl-train/report';
import { neighbourRows } from './neighbour-rows.js';
import { percent, whole, comparison as compared, labelsEach } from './numbers.js';
import type { VisionReport } from './report-data.js';
import { accuracyTable, type AccuracyRow } from './table.js';

/** The vision run: training, tables, map, neighbours. */
export function visionSection(run: VisionReport): Html {
  const { recipe, pretrain, map, neighbours } = run;
  return html`<section id="vision">
<h2>${recipe.title}</h2>
<p>${recipe.description} ${whole(pretrain.steps)} steps of ${recipe.pretrain.batchSize} images took ${duration(pretrain.seconds)}. Labels were used only to measure, never to train the encoder.</p>
<h3>Training</h3>
<div class="pair">${trainingCharts(run)}</div>
<h3>What the features are worth</h3>
${comparison(run)}
<h3>Map of the features</h3>
<p>${whole(map.labels.length)} test images, placed by UMAP (after PCA) so that images with similar features lie close together. Colours and names are the true classes${map.classes.length > 12 ? ' (of the largest, where there is no room for all)' : ''}, which neither the encoder nor the map has seen.</p>
<div class="pair">
${figure('After SimCLR', 'Classes that form islands can be told apart with few labels.', mapChart({ title: 'Map of the trained features', points: map.trained, labels: map.labels, classes: map.classes }))}
${figure('Random encoder', 'The same network before training, for comparison.', mapChart({ title: 'Map of the random features', points: map.random, labels: map.labels, classes: map.classes }))}
</div>
<h3>Nearest neighbours</h3>
<p>Test images (left) with the most similar training images by their features. The class stands below each picture; a picture of another class than the query is outlined in red. The first half of the queries are simply the first images of different classes, the others were picked, as far as there are any, for having such a neighbour.</p>
${neighbourRows(neighbours, map.classes)}
</section>`;
}

function trainingCharts({ recipe, pretrain, random, knn }: VisionReport): Html[] {
  const inEpochs = (values: readonly Measurement[]): Measurement[] =>
    values.map(({ step, value }) => ({ step: step / pretrain.stepsPerEpoch, value }));
  const chance = Math.log(2 * recipe.pretrain.batchSize - 1);
  return [
    lineFigure(
      `Telling two views of an image from ${2 * recipe.pretrain.batchSize - 2} others. Guessing would give ${chance.toFixed(2)}.`,
      {
        title: 'SimCLR loss',
        x: 'epoch',
        y: 'loss',
        series: [{ label: 'training', color: 1, values: inEpochs(pretrain.loss) }],
      },
    ),
    lineFigure(
      `Against ${whole(recipe.knn.along.reference)} training images; against all ${whole(knn.referenceImages)} the finished encoder reaches ${percent(knn.accuracy)}, the random one ${percent(random.knn)}.`,
      {
        title: 'kNN accuracy along training',
        x: 'epoch',
        y: 'per cent',
        percent: true,
        series: [{ label: 'kNN', color: 1, values: inEpochs(pretrain.knnAlong), dots: true }],
      },
    ),
  ];
}

function comparison({ recipe, random, knn, linear, fineTune, scratch }: VisionReport): Html {
  const labels = [...new Set([linear, fineTune, scratch].flatMap(({ accuracy }) => Object.keys(accuracy)))].sort(
    (a, b) => Number(a) - Number(b),
  );
  const row = (title: string, accuracy: Readonly<Record<string, number>>): AccuracyRow => ({
    title,
    values: [...labels.map((count) => accuracy[count]), undefined],
  });
  const knnRow = (title: string, accuracy: number): AccuracyRow => ({
    title,
    values: [...labels.map(() => undefined), accuracy],
  });
  const table = accuracyTable(
    'Accuracy on the test images',
    [...labels.map((count) => labelsEach(count)), `all ${whole(knn.referenceImages)} labels`],
    [
      row('SimCLR, fine-tuned', fineTune.accuracy),
      row('SimCLR, linear probe', linear.accuracy),
      row('Random encoder, linear probe', random.linear.accuracy),
      row('Trained from scratch on the labels', scratch.accuracy),
      knnRow('SimCLR, kNN', knn.accuracy),
      knnRow('Random encoder, kNN', random.knn),
    ],
  );
  return html`${table}
<p><b>kNN</b>: each test image is named by a vote of its ${recipe.knn.k} most similar training images. ${percent(knn.accuracy)} are right; a random encoder, which still keeps some of the picture, gets ${percent(random.knn)}.</p>
<p><b>Linear probe</b>: the encoder stays as it is and only a linear classifier learns from the labels, mean of ${recipe.linear.draws} draws of the labels. ${linearSentence(linear.accuracy, random.linear.accuracy)}</p>
<p><b>Fine-tuned and from scratch</b>: the whole network learns from the labels, starting from SimCLR's weights or from random ones. ${fineTuneSentence(fineTune.accuracy, scratch.accuracy, linear.accuracy)}</p>`;
}

function linearSentence(linear: Readonly<Record<string, number>>, random: Readonly<Record<string, number>>): string {
  const fewest = Object.keys(linear)[0];
  if (fewest === undefined || random[fewest] === undefined) return '';
  return `With ${labelsEach(fewest)} it is ${compared(linear[fewest]! - random[fewest])} the same probe on the random encoder.`;
}

function fineTuneSentence(
  tuned: Readonly<Record<string, number>>,
  scratch: Readonly<Record<string, number>>,
  linear: Readonly<Record<string, number>>,
): string {
  return Object.keys(tuned)
    .map((count) => {
      const gains = [
        scratch[count] === undefined ? undefined : `${compared(tuned[count]! - scratch[count])} training from scratch`,
        linear[count] === undefined ? undefined : `${compared(tuned[count]! - linear[count])} the linear probe`,
      ].filter((gain) => gain !== undefined);
      return gains.length === 0 ? '' : `With ${labelsEach(count)}, fine-tuning is ${gains.join(' and ')}.`;
    })
    .join(' ');
}
