import * as Plot from '@observablehq/plot';
import { type Html, plotSvg } from '@selfsup/ssl-train/report';
import type { MapPoints } from '../stages/vision/results.js';
import { placeLabels } from './place-labels.js';

const width = 460;
const mapMargin = 8;

/** Options of {@link mapChart}. */
export interface MapChartOptions {
  readonly title: string;
  readonly points: MapPoints;
  readonly labels: readonly number[];
  readonly classes: readonly string[];
}

/** More classes than this get smaller names. */
const fewClasses = 12;

/**
 * A scatter plot of the feature map as inline SVG, each class in its colour and with its name near its middle. Where
 * there is no room for every name, the classes with the most points have theirs.
 */
export function mapChart({ title, points, labels, classes }: MapChartOptions): Html {
  const inner = width - 2 * mapMargin;
  const [left, right] = extent(points.map(([x]) => x));
  const [bottom, top] = extent(points.map(([, y]) => y));
  const data = points.map(([x, y], index) => ({
    x: (inner * (x - left)) / (right - left),
    y: (inner * (y - bottom)) / (top - bottom),
    label: labels[index]!,
  }));
  const groups = classes
    .map((text, label) => ({ text, members: data.filter((point) => point.label === label) }))
    .filter(({ members }) => members.length > 0)
    .sort((a, b) => b.members.length - a.members.length);
  const fontSize = groups.length > fewClasses ? 13 : 17;
  const names = placeLabels(
    groups.map(({ text, members }) => ({
      text,
      x: median(members.map(({ x }) => x)),
      y: median(members.map(({ y }) => y)),
    })),
    { width: inner, height: inner, fontSize },
  );
  return plotSvg(title, (document) =>
    Plot.plot({
      document: document as NonNullable<Plot.PlotOptions['document']>,
      className: 'plot',
      style: { fontSize: '12px' },
      width,
      height: width,
      margin: mapMargin,
      x: { axis: null, domain: [0, inner] },
      y: { axis: null, domain: [0, inner] },
      marks: [
        ...classes.map((_, label) =>
          Plot.dot(
            data.filter((point) => point.label === label),
            { x: 'x', y: 'y', r: data.length < 300 ? 3.5 : 2.2, fill: `var(--class-${label % 10})`, fillOpacity: 0.75 },
          ),
        ),
        Plot.text(names, {
          x: 'x',
          y: 'y',
          text: 'text',
          fontSize,
          fontWeight: 700,
          fill: 'var(--ink)',
          stroke: 'var(--paper)',
          strokeWidth: 4,
        }),
      ],
    }),
  );
}

/** Least and greatest value; a span of 1 where all are equal. */
function extent(values: readonly number[]): readonly [number, number] {
  const least = values.reduce((a, b) => Math.min(a, b), Infinity);
  const greatest = values.reduce((a, b) => Math.max(a, b), -Infinity);
  return least === greatest ? [least - 0.5, greatest + 0.5] : [least, greatest];
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}
