import { stringify } from 'yaml';
import { duration } from '../runs/duration.js';
import { type Html, html } from '@selfsup/ssl-train/report';
import type { ReportData } from './report-data.js';

/** Timings, machine, versions, recipes. */
export function factsSection({ summary, runs }: ReportData): Html {
  const { machine, versions } = summary;
  return html`<section id="facts">
<h2>Timings, machine, versions</h2>
<p>The same seed on the same machine and versions gives the same figures, bit for bit; other processors may differ in the last digits.</p>
<div class="scroll"><table><thead><tr><th>Run</th><th>Stage</th><th class="number">Time</th></tr></thead>
<tbody>${runs.flatMap(({ name, times }) => times.map(({ title, seconds }) => html`<tr><td><code>${name}</code></td><td>${title}</td><td class="number">${duration(seconds)}</td></tr>\n`))}</tbody></table></div>
<dl>
<dt>Processor</dt><dd>${machine.cpu}, ${machine.cores} cores</dd>
<dt>Memory</dt><dd>${machine.memory} GiB</dd>
<dt>System</dt><dd>${machine.os}</dd>
<dt>Seed</dt><dd>${summary.seed}</dd>
${Object.entries(versions).map(([name, version]) => html`<dt>${name}</dt><dd>${version}</dd>\n`)}</dl>
${runs.map(({ name, recipe }) => html`<details><summary>Recipe ${name}, as run</summary><pre>${stringify(recipe, { lineWidth: 100 })}</pre></details>`)}
</section>`;
}
