import type { JsonValue } from '../checkpoint/run-config.js';
import { html, type Html } from './html.js';
import { cut } from './cut.js';
import type { RunData } from './run-data.js';

/** Bounds of a report's size: rows of lists. */
const most = { rows: 300, checkpoints: 20 };

/** Settings, machine, versions, checkpoints. */
export function runFacts({ info, checkpoints }: RunData): Html {
  const { environment } = info;
  const settings = [...rowsOf(info.config)];
  const rows = settings
    .slice(0, most.rows)
    .map(([name, value]) => html`<tr><th scope="row">${cut(name)}</th><td>${cut(value)}</td></tr>\n`);
  return html`<section id="facts">
<h2>Settings</h2>
<p class="soft">What a resumed run must have again.</p>
<div class="scroll"><table><tbody>${rows}</tbody></table></div>
${settings.length > most.rows && html`<p class="soft">${settings.length - most.rows} more stand in the log and in the checkpoints.</p>`}
<h2>Machine and versions</h2>
<dl>
<dt>processor</dt><dd>${environment.cpu}</dd>
<dt>device</dt><dd>${environment.device}, ${environment.threads} ${environment.threads === 1 ? 'thread' : 'threads'}</dd>
<dt>platform</dt><dd>${environment.platform}</dd>
${Object.entries(environment.versions).map(([name, version]) => html`<dt>${name}</dt><dd>${version}</dd>\n`)}</dl>
${
  checkpoints.length > 0 &&
  html`<h2>Checkpoints</h2>
<p class="soft">${checkpoints.length === 1 ? 'One was' : `${checkpoints.length} were`} written by this process; older ones are removed as newer ones come.</p>
<ul>${checkpoints.slice(-most.checkpoints).map(({ path, step }) => html`<li>step ${step}: <code>${cut(path)}</code></li>\n`)}</ul>`
}
</section>`;
}

/** Settings as rows: names of nested ones joined by dots, lists as JSON. */
function* rowsOf(value: JsonValue, name = ''): Generator<[name: string, value: string]> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0)
    for (const [key, item] of Object.entries(value)) yield* rowsOf(item, name === '' ? key : `${name}.${key}`);
  else yield [name, typeof value === 'string' ? value : JSON.stringify(value)];
}
