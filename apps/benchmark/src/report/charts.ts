import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import type { Measurement } from '../runs/summary.js';
import type { MapPoints } from '../stages/vision/results.js';
import { Html } from './html.js';
import { placeLabels } from './place-labels.js';

/** One line of a chart. */
export interface Series {
  readonly label: string;
  /** Index of a `--series` colour of the style sheet. */
  readonly color: number;
  readonly values: readonly Measurement[];
  /** Mark the measurements, for lines with few of them. */
  readonly dots?: boolean;
}

/** Options of {@link lineChart}. */
export interface LineChartOptions {
  /** Read out in place of the picture. */
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly series: readonly Series[];
  /** Values are shares, shown in per cent. */
  readonly percent?: boolean;
}

const width = 460;
const mapMargin = 8;

/** A line chart as inline SVG. */
export function lineChart({ title, x, y, series, percent = false }: LineChartOptions): Html {
  const marks = series.flatMap(({ values, color, dots }) => {
    const data = percent ? values.map(({ step, value }) => ({ step, value: 100 * value })) : values;
    const stroke = `var(--series-${color})`;
    const line = Plot.line(data, { x: 'step', y: 'value', stroke, strokeWidth: 2, strokeLinejoin: 'round' });
    return dots === true ? [line, Plot.dot(data, { x: 'step', y: 'value', fill: stroke, r: 3.5 })] : [line];
  });
  return svg(title, {
    width,
    height: 260,
    marginLeft: 48,
    marginBottom: 40,
    x: { label: x, labelArrow: 'none', labelAnchor: 'center', ticks: 6, nice: true },
    y: { label: y, labelArrow: 'none', grid: true, nice: true, ticks: 6 },
    marks: [...marks],
  });
}

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
  return svg(title, {
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
  });
}

/** What is used of the element that Plot makes; the DOM's types are not loaded. */
interface SvgElement {
  readonly outerHTML: string;
  querySelector(selector: string): { remove(): void } | null;
  setAttribute(name: string, value: string): void;
}

function svg(title: string, options: Plot.PlotOptions): Html {
  const { document } = parseHTML('<html><body></body></html>');
  const element = Plot.plot({
    ...options,
    document,
    ariaLabel: title,
    style: { fontSize: '12px' },
    className: 'plot',
  } as Plot.PlotOptions) as unknown as SvgElement;
  // The style sheet of the page has Plot's few rules, once for all charts.
  element.querySelector('style')?.remove();
  element.setAttribute('role', 'img');
  return new Html(element.outerHTML.replaceAll(/(\.\d\d)\d+/g, '$1'));
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
