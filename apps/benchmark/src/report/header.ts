import { duration } from '../runs/duration.js';
import { type Html, html } from '@selfsup/ssl-train/report';
import { percent, points } from './numbers.js';
import type { ReportData, TextReport, VisionReport } from './report-data.js';

interface Card {
  readonly value: string;
  readonly text: string;
}

/** What was run, when, with which seed, and the figures that matter most. */
export function header({ summary, runs }: ReportData): Html {
  const titles = runs.map(({ recipe }) => recipe.title);
  const seconds = runs.flatMap(({ times }) => times).reduce((sum, time) => sum + time.seconds, 0);
  const started = runs.map(({ startedAt }) => startedAt).sort()[0] ?? '';
  return html`<header>
<h1>${titles.join(' and ')}</h1>
<p class="lead">An encoder is trained on data without labels, and then asked to learn a task from a few labels. This report compares it with the same encoder untrained, and with the same network trained on the few labels alone.</p>
<p class="soft">Seed ${summary.seed} · ${duration(seconds)} on ${summary.machine.cores} cores · started ${started.slice(0, 16).replace('T', ' ')} UTC · ${runs.length === 1 ? 'recipe' : 'recipes'} ${runs.map(({ name }, index) => html`${index === 0 ? '' : ', '}<code>${name}</code>`)}</p>
<ul class="cards">${runs.flatMap((run) => (run.kind === 'vision' ? visionCards(run) : textCards(run))).map(({ value, text }) => html`<li><b>${value}</b><span>${text}</span></li>`)}</ul>
</header>`;
}

function visionCards({ knn, fineTune, scratch }: VisionReport): Card[] {
  const cards: Card[] = [
    {
      value: percent(knn.accuracy),
      text: 'of test images named right by their nearest neighbours in the learnt features',
    },
  ];
  const labels = Object.keys(fineTune.accuracy).find((key) => key in scratch.accuracy);
  if (labels !== undefined) {
    const tuned = fineTune.accuracy[labels]!;
    const alone = scratch.accuracy[labels]!;
    cards.push({
      value: percent(tuned),
      text: `with ${labels} labelled images per class, fine-tuned; ${percent(alone)} without pretraining (${points(tuned - alone)} points)`,
    });
  }
  return cards;
}

function textCards({ pretrain, fineTune, scratch }: TextReport): Card[] {
  const masked = pretrain.maskedAccuracy.at(-1);
  const cards: Card[] =
    masked === undefined
      ? []
      : [{ value: percent(masked.value), text: 'of hidden words in unseen glosses guessed right' }];
  const labels = Object.keys(fineTune.accuracy).find((key) => key in scratch.accuracy);
  if (labels !== undefined) {
    const tuned = fineTune.accuracy[labels]!;
    const alone = scratch.accuracy[labels]!;
    cards.push({
      value: percent(tuned),
      text: `with ${labels} labelled glosses per class, fine-tuned; ${percent(alone)} without pretraining (${points(tuned - alone)} points)`,
    });
  }
  return cards;
}
