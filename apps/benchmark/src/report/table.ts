import { type Html, html } from '@selfsup/ssl-train/report';
import { percent } from './numbers.js';

/** A row of accuracies; `undefined` where nothing was measured. */
export interface AccuracyRow {
  readonly title: string;
  readonly values: readonly (number | undefined)[];
}

/** A table of accuracies in per cent; the best of each column stands out. */
export function accuracyTable(corner: string, columns: readonly string[], rows: readonly AccuracyRow[]): Html {
  const best = columns.map((_, column) => Math.max(...rows.map(({ values }) => values[column] ?? 0)));
  const cell = (value: number | undefined, column: number): Html => {
    if (value === undefined) return html`<td class="number none">\u2013</td>`;
    return html`<td class="number${value === best[column] ? ' best' : ''}">${percent(value)}</td>`;
  };
  return html`<div class="scroll"><table>
<thead><tr><th>${corner}</th>${columns.map((column) => html`<th class="number">${column}</th>`)}</tr></thead>
<tbody>${rows.map(({ title, values }) => html`<tr><th scope="row">${title}</th>${columns.map((_, column) => cell(values[column], column))}</tr>\n`)}</tbody>
</table></div>`;
}
