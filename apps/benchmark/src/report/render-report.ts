import { factsSection } from './facts-section.js';
import { header } from './header.js';
import { html, Html } from './html.js';
import type { ReportData } from './report-data.js';
import { style } from './style.js';
import { textSection } from './text-section.js';
import { visionSection } from './vision-section.js';

/**
 * Renders a report as one HTML file that needs nothing else: charts are inline SVG, pictures are data URIs, and there
 * is no script. The same data gives the same bytes.
 */
export function renderReport(data: ReportData): string {
  const title = data.runs.map(({ recipe }) => recipe.title).join(' and ');
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>${title}</title>
<style>${new Html(style)}</style>
</head>
<body>
<main>
${header(data)}
${data.runs.map((run) => (run.kind === 'vision' ? visionSection(run) : textSection(run)))}
${factsSection(data)}
</main>
</body>
</html>
`.text;
}
