import { duration } from '../runs/duration.js';
import type { ByLabels } from '../runs/summary.js';
import type { MasksResult } from '../stages/text/results.js';
import { lineFigure, type Html, html } from '@selfsup/ssl-train/report';
import { percent, whole, points, labelsEach } from './numbers.js';
import type { TextReport } from './report-data.js';
import { accuracyTable } from './table.js';

/** The text run: training, tables, filled masks. */
export function textSection(run: TextReport): Html {
  const { recipe, pretrain, tokenizer, masks } = run;
  return html`<section id="text">
<h2>${recipe.title}</h2>
<p>${recipe.description} ${whole(pretrain.steps)} steps of ${recipe.pretrain.batchSize} glosses took ${duration(pretrain.seconds)}. A vocabulary of ${whole(tokenizer.vocabulary)} word pieces was learnt from the ${whole(tokenizer.glosses.pretrain)} pretraining glosses. The test glosses and those of the masked-word measurement were held out: pretraining has not seen them. ${tokenizer.labelledSeen ? 'The labelled glosses are drawn from the pretraining glosses: pretraining has seen their text, but not their field.' : 'The labelled glosses were held out too.'}</p>
<h3>Training</h3>
<div class="pair">${trainingCharts(run)}</div>
<h3>Naming the field of a gloss</h3>
${comparison(run)}
<h3>Filled masks</h3>
<p>Glosses that pretraining has not seen, each with one word hidden. Below are the model's ${recipe.report.predictions} likeliest guesses with their probabilities; the hidden word is in green where it is among them.</p>
${filledMasks(masks)}
</section>`;
}

function trainingCharts({ recipe, pretrain, tokenizer }: TextReport): Html[] {
  return [
    lineFigure(
      `Surprise at the hidden words, in nats. Guessing among ${whole(tokenizer.vocabulary)} word pieces would give ${Math.log(tokenizer.vocabulary).toFixed(2)}.`,
      {
        title: 'Masked-word loss',
        x: 'step',
        y: 'loss',
        series: [
          { label: 'training', color: 3, values: pretrain.loss },
          { label: 'held-out glosses', color: 1, values: pretrain.maskedLoss, dots: true },
        ],
      },
    ),
    lineFigure(
      `Share of hidden words guessed right in ${whole(tokenizer.glosses.maskedTest)} held-out glosses (${percent(recipe.pretrain.maskRate, 0)} of the words are hidden).`,
      {
        title: 'Masked-word accuracy along training',
        x: 'step',
        y: 'per cent',
        percent: true,
        series: [{ label: 'held-out glosses', color: 1, values: pretrain.maskedAccuracy, dots: true }],
      },
    ),
  ];
}

function comparison({ recipe, tokenizer, fineTune, scratch }: TextReport): Html {
  const labels = Object.keys(fineTune.accuracy);
  return html`${accuracyTable(
    'Accuracy on held-out glosses',
    labels.map((count) => labelsEach(count)),
    [
      { title: 'Pretrained, fine-tuned', values: labels.map((count) => fineTune.accuracy[count]) },
      { title: 'Same network from scratch', values: labels.map((count) => scratch.accuracy[count]) },
    ],
  )}
<p>Each gloss belongs to one of ${fineTune.classes} fields, such as animals, feelings or verbs of motion. Both networks learn from the same labelled glosses for ${whole(recipe.fineTune.steps)} steps and are tested on the same ${whole(tokenizer.glosses.test)} others; only the starting weights differ. ${gains(fineTune.accuracy, scratch.accuracy)}</p>`;
}

function gains(tuned: ByLabels, scratch: ByLabels): string {
  return Object.keys(tuned)
    .filter((count) => scratch[count] !== undefined)
    .map(
      (count) => `With ${labelsEach(count)}, pretraining is worth ${points(tuned[count]! - scratch[count]!)} points.`,
    )
    .join(' ');
}

function filledMasks({ examples }: MasksResult): Html {
  return html`<div class="masks">${examples.map(({ before, after, truth, guesses }) => {
    const rank = guesses.findIndex(({ token }) => token === truth);
    return html`<div class="mask"><p>${before} <mark>[MASK]</mark> ${after}</p>
<ul class="guesses">${guesses.map(
      ({ token, probability }, index) =>
        html`<li class="${index === rank ? 'right' : 'other'}"><i style="width:${(100 * probability).toFixed(1)}%"></i><span>${token}</span><span>${percent(probability)}</span></li>`,
    )}</ul><p class="verdict">Hidden word: <b>${truth}</b>${rank === 0 ? ', guessed right' : rank > 0 ? `, guess number ${rank + 1}` : `, not among the first ${guesses.length}`}</p></div>`;
  })}</div>`;
}
