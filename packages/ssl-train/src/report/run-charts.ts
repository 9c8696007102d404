import { lineFigure } from './figure.js';
import { html, type Html } from './html.js';
import type { Measurement, Series } from './line-chart.js';
import type { RunData } from './run-data.js';
import { evaluationLines, metricLines, type RunLines } from './run-lines.js';
import { smoothedLine } from './smoothed-line.js';
import { thinLine } from './thin-line.js';

/** Bounds of a report's size: points of the loss, of all other charts together, of one of them, and how many charts. */
const most = { loss: 2000, others: 24_000, other: 800, charts: 60 };
/** Lines of so few points have these marked. */
const few = 40;
const colors = 4;

/** Loss, then what observers found, then what the step logged. */
export function runCharts(data: RunData): Html {
  const { history, evaluations, speed, info } = data;
  if (history.length + evaluations.length === 0) return html`<p class="soft">No step has been logged yet.</p>`;
  const found = evaluationLines(evaluations);
  const logged: RunLines[] = [
    single(
      'learning rate',
      history.map(({ step, learningRate: value }) => ({ step, value })),
    ),
    ...metricLines(history),
    single(
      'samples per second',
      speed.map(({ step, samplesPerSecond: value }) => ({ step, value })),
    ),
    single(
      'per cent of the time waiting for data',
      speed.map(({ step, waitingShare }) => ({ step, value: 100 * waitingShare })),
    ),
  ].filter(({ lines }) => lines.some(({ values }) => values.length > 0));
  const shown = [...found, ...logged].slice(0, most.charts);
  const points = Math.max(8, Math.min(most.other, Math.floor(most.others / countLines(shown))));
  const charts = (group: readonly RunLines[]): Html =>
    html`<div class="pair">${group.filter((lines) => shown.includes(lines)).map((lines) => smallChart(lines, points))}</div>`;
  return html`<h2>Loss</h2>
${lossFigure(history.map(({ step, loss: value }) => ({ step, value })))}
${found.length > 0 && html`<h2>What observers found</h2>${charts(found)}`}
<h2>Along the steps</h2>
${charts(logged)}
${info.startStep > 0 && html`<p class="soft">Speeds are those since step ${info.startStep}, where this process went on.</p>`}
${rest([...found, ...logged].slice(most.charts))}`;
}

const single = (name: string, values: readonly Measurement[]): RunLines => ({ name, lines: [{ label: name, values }] });

const countLines = (group: readonly RunLines[]): number =>
  Math.max(
    1,
    group.reduce((count, { lines }) => count + lines.length, 0),
  );

function lossFigure(values: readonly Measurement[]): Html {
  const smooth = smoothedLine(values);
  const isThinned = values.length > most.loss;
  const thin = (line: readonly Measurement[]): readonly Measurement[] => thinLine(line, most.loss);
  const series: Series[] =
    smooth.length === 0
      ? [{ label: 'loss', color: 1, values, dots: values.length <= few }]
      : [
          { label: 'logged', color: 1, values: thin(values), faint: true },
          { label: 'mean of a twentieth of the steps', color: 2, values: thin(smooth) },
        ];
  const caption = isThinned
    ? `${values.length.toLocaleString('en-GB')} logged steps; drawn are the ends, the least and the greatest of each stretch.`
    : undefined;
  return lineFigure(caption, { title: 'Loss', x: 'step', y: 'loss', series, height: 230 });
}

function smallChart({ name, lines }: RunLines, points: number): Html {
  const series = lines.map(({ label, values }, index) => ({
    label,
    color: (index % colors) + 1,
    values: thinLine(values, points),
    dots: values.length <= few,
  }));
  const newest = lines.map(({ values }) => numberText(values.at(-1)!.value));
  return lineFigure(`Newest: ${newest.join(', ')}`, { title: name, x: 'step', y: '', series, height: 190 });
}

function rest(lines: readonly RunLines[]): Html | undefined {
  if (lines.length === 0) return undefined;
  return html`<details><summary>${lines.length} more numbers, without a chart</summary><dl>${lines
    .slice(0, 500)
    .map(
      ({ name, lines: [line] }) => html`<dt>${name}</dt><dd>${numberText(line!.values.at(-1)!.value)}</dd>`,
    )}</dl></details>`;
}

/** A number for people: whole from a thousand on, below with four significant digits. */
export const numberText = (value: number): string =>
  Number.isInteger(value) || (Math.abs(value) >= 1000 && Number.isFinite(value))
    ? Math.round(value).toLocaleString('en-GB')
    : String(Number(value.toPrecision(4)));
