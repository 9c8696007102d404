import type { NeighboursResult, ShownImage } from '../stages/vision/results.js';
import { type Html, html } from '@selfsup/ssl-train/report';

/** One row per query: its picture, then its neighbours, those of another class outlined. */
export function neighbourRows({ queries }: NeighboursResult, classes: readonly string[]): Html {
  const name = (label: number): string => classes[label] ?? String(label);
  const tile = (shown: ShownImage, caption: string, wrong: boolean): Html =>
    html`<div class="tile${wrong ? ' wrong' : ''}"><img src="${shown.image}" alt="${name(shown.label)}${wrong ? ', another class' : ''}">${caption}</div>`;
  return html`<div class="rows">${queries.map(
    (query) =>
      html`<div class="row">${tile(query, `query: ${name(query.label)}`, false)}<div class="tiles">${query.neighbours.map(
        (neighbour) =>
          tile(
            neighbour,
            `${name(neighbour.label)} \u00B7 ${neighbour.similarity.toFixed(2)}`,
            neighbour.label !== query.label,
          ),
      )}</div></div>`,
  )}</div>`;
}
