import { cut } from './cut.js';
import { roughDuration } from '../observers/progress/status-text.js';
import { html, type Html } from './html.js';
import { reportPage } from './page.js';
import { numberText, runCharts } from './run-charts.js';
import type { RunData, RunState } from './run-data.js';
import { runFacts } from './run-facts.js';
import { evaluationLines } from './run-lines.js';

/** Notes beyond these are counted, cards beyond these left out; letters of a note or an error. */
const most = { notes: 200, cards: 8, letters: 2000 };

/** Renders the report of a run. */
export function runPage(data: RunData): string {
  const { title, sections } = data;
  return reportPage(
    title,
    html`${header(data)}
<section id="training">${runCharts(data)}</section>
${notesSection(data)}
${sections}
${runFacts(data)}`,
  );
}

function header(data: RunData): Html {
  const { title, info, state, resumed, writtenAt } = data;
  const origin = resumed.length === 0 ? '' : ` · went on from step ${resumed.join(', ')}`;
  return html`<header>
<h1>${title}</h1>
<p class="lead" id="state">${stateText(state, info.totalSteps)}</p>
<p class="soft">Method ${info.method} · seed ${info.seed}${origin} · written ${writtenAt.toISOString().slice(0, 16).replace('T', ' ')} UTC</p>
<ul class="cards">${cards(data)
    .slice(0, most.cards)
    .map(([value, text]) => html`<li><b>${value}</b><span>${text}</span></li>`)}</ul>
</header>`;
}

function stateText({ kind, step, reason }: RunState, totalSteps: number): Html {
  const at = `step ${step.toLocaleString('en-GB')} of ${totalSteps.toLocaleString('en-GB')}`;
  if (kind === 'running') return html`Running, at ${at}.`;
  if (kind === 'interrupted')
    return html`Interrupted at ${at}. The same program run again goes on from its checkpoint, if it writes any.`;
  if (kind === 'failed') return html`<b>Failed</b> after ${at}: ${cut(reason ?? '', most.letters)}`;
  return reason === undefined
    ? html`Finished: ${at}.`
    : html`Ended by an observer at ${at}: ${cut(reason, most.letters)}`;
}

function cards({ state, history, evaluations, speed, info }: RunData): [value: string, text: string][] {
  const last = history.at(-1);
  const fast = speed.at(-1);
  const { seconds, trainingSeconds, skipped = 0, step } = state;
  return [
    ...(last === undefined ? [] : [[numberText(last.loss), `loss at step ${last.step}`] as [string, string]]),
    ...evaluationLines(evaluations).flatMap(({ name, lines }) =>
      lines.map(({ label, values }): [string, string] => {
        const newest = values.at(-1)!;
        return [numberText(newest.value), `${name}${lines.length > 1 ? ` of ${label}` : ''} at step ${newest.step}`];
      }),
    ),
    ...(skipped === 0
      ? []
      : [[String(skipped), skipped === 1 ? 'skipped update' : 'skipped updates'] as [string, string]]),
    ...(fast === undefined ? [] : [[numberText(fast.samplesPerSecond), 'samples per second'] as [string, string]]),
    [
      roughDuration(seconds),
      `in all${trainingSeconds === undefined ? '' : `, ${roughDuration(trainingSeconds)} of it training`}; ${step} of ${info.totalSteps} steps`,
    ],
  ];
}

function notesSection({ notes }: RunData): Html | undefined {
  if (notes.length === 0) return undefined;
  const left = notes.length - most.notes;
  return html`<section id="notes"><h2>Notes</h2>
${left > 0 && html`<p class="soft">${left} older ones stand in the log.</p>`}
<ul>${notes.slice(-most.notes).map(({ step, text }) => html`<li><span class="soft">step ${step}:</span> ${cut(text, most.letters)}</li>\n`)}</ul></section>`;
}
