import * as Plot from '@observablehq/plot';
import type { OptionNames } from '@selfsup/ssl-tensor/host';
import type { Html } from './html.js';
import { plotSvg } from './plot-svg.js';

/** A value measured at a training step. */
export interface Measurement {
  readonly step: number;
  readonly value: number;
}

/** One line of a chart. */
export interface Series {
  readonly label: string;
  /** Index of a `--series` colour of the style sheet, from 1 to 4. */
  readonly color: number;
  /** In the order of their steps; a value that is not finite breaks the line. */
  readonly values: readonly Measurement[];
  /** Mark the measurements, for lines with few of them. */
  readonly dots?: boolean;
  /** A thin, pale line behind others. */
  readonly faint?: boolean;
}

/** Options of `lineFigure`. */
export interface LineChartOptions {
  /** What the chart shows; read out in place of the picture, too. */
  readonly title: string;
  /** Label of the horizontal axis. */
  readonly x: string;
  /** Label of the vertical axis. */
  readonly y: string;
  readonly series: readonly Series[];
  /** Values are shares, shown in per cent. Default false. */
  readonly percent?: boolean;
  /** Units of the picture's 460 that it is high. Default 260. */
  readonly height?: number;
}

/** Names of {@link LineChartOptions}. */
export const lineChartOptionNames: OptionNames<LineChartOptions> = {
  title: 'required',
  x: 'required',
  y: 'required',
  series: 'required',
  percent: 'optionalFlag',
  height: 'optionalNumber',
};

/** A line chart as inline SVG. */
export function lineChart({ title, x, y, series, percent = false, height = 260 }: LineChartOptions): Html {
  const marks = series.flatMap(({ values, color, dots, faint }) => {
    const data = percent ? values.map(({ step, value }) => ({ step, value: 100 * value })) : values;
    const stroke = `var(--series-${color})`;
    const weight = faint === true ? { strokeWidth: 1, strokeOpacity: 0.45 } : { strokeWidth: 2 };
    const line = Plot.line(data, { x: 'step', y: 'value', stroke, ...weight, strokeLinejoin: 'round' });
    return dots === true ? [line, Plot.dot(data, { x: 'step', y: 'value', fill: stroke, r: 3.5 })] : [line];
  });
  return plotSvg(title, (document) =>
    Plot.plot({
      document: document as NonNullable<Plot.PlotOptions['document']>,
      className: 'plot',
      style: { fontSize: '12px' },
      width: 460,
      height,
      marginLeft: 48,
      marginBottom: 40,
      x: { label: x, labelArrow: 'none', labelAnchor: 'center', ticks: 6, nice: true },
      y: { label: y, labelArrow: 'none', grid: true, nice: true, ticks: 6, tickFormat: tickText },
      marks: [...marks],
    }),
  );
}

/** A number beside an axis, short enough for its margin: `0.05`, `1e-4`, `20,000`, `3e+7`. */
export function tickText(value: number): string {
  const size = Math.abs(value);
  const short = Number(value.toPrecision(4));
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) return short.toExponential();
  return short.toLocaleString('en-GB', { maximumFractionDigits: 6 });
}
