import { checkOptions } from '@selfsup/ssl-tensor/host';
import { html } from './html.js';
import type { Html, HtmlPart } from './html.js';
import { lineChart, lineChartOptionNames, type LineChartOptions } from './line-chart.js';

/** A chart or picture with its caption above: what it is in bold, what it says after. */
export function figure(title: string, caption: HtmlPart, content: Html): Html {
  return html`<figure><figcaption><b>${title}.</b> ${caption}</figcaption>${content}</figure>`;
}

/**
 * A line chart with its caption and, for several lines, a legend.
 *
 * @throws InvalidOptionError for options that are not known
 */
export function lineFigure(caption: HtmlPart, options: LineChartOptions): Html {
  const { title, series } = checkOptions('lineFigure', options, lineChartOptionNames);
  const legend =
    series.length < 2
      ? undefined
      : html`<ul class="legend">${series.map(({ label, color }) => html`<li><i style="background:var(--series-${color})"></i>${label}</li>`)}</ul>`;
  return figure(title, caption, html`${legend}${lineChart(options)}`);
}
