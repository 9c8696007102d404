import { html } from './html.js';
import type { Html, HtmlPart } from './html.js';
import { lineChart } from './charts.js';
import type { LineChartOptions } from './charts.js';

/** A chart or picture with its caption above: what it is in bold, what it says after. */
export function figure(title: string, caption: HtmlPart, content: Html): Html {
  return html`<figure><figcaption><b>${title}.</b> ${caption}</figcaption>${content}</figure>`;
}

/** A line chart with its caption and, for several lines, a legend. */
export function lineFigure(caption: HtmlPart, options: LineChartOptions): Html {
  const legend =
    options.series.length < 2
      ? undefined
      : html`<ul class="legend">${options.series.map(({ label, color }) => html`<li><i style="background:var(--series-${color})"></i>${label}</li>`)}</ul>`;
  return figure(options.title, caption, html`${legend}${lineChart(options)}`);
}
