import { factsSection } from './facts-section.js';
import { header } from './header.js';
import { html, reportPage } from '@selfsup/ssl-train/report';
import { ownStyle } from './own-style.js';
import type { ReportData } from './report-data.js';
import { textSection } from './text-section.js';
import { visionSection } from './vision-section.js';

/**
 * Renders a report as one HTML file that needs nothing else: charts are inline SVG, pictures are data URIs, and there
 * is no script. The same data gives the same bytes.
 */
export function renderReport(data: ReportData): string {
  const title = data.runs.map(({ recipe }) => recipe.title).join(' and ');
  return reportPage(
    title,
    html`${header(data)}
${data.runs.map((run) => (run.kind === 'vision' ? visionSection(run) : textSection(run)))}
${factsSection(data)}`,
    ownStyle,
  );
}
