/** The report of a run, and the parts that pages like it are made of. Loads Observable Plot and linkedom. */
export { figure, lineFigure } from './report/figure.js';
export { html, Html } from './report/html.js';
export type { HtmlPart } from './report/html.js';
export type { LineChartOptions, Measurement, Series } from './report/line-chart.js';
export { reportPage } from './report/page.js';
export { plotSvg } from './report/plot-svg.js';
export type { ReportSection } from './report/report-section.js';
export { runReport } from './report/run-report.js';
export type { RunReportOptions } from './report/run-report.js';
