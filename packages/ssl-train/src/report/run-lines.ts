import type { Evaluation, HistoryEntry } from '../run/history.js';
import type { Measurement } from './line-chart.js';

/** A number by its name along a run, of each who gave it. */
export interface RunLines {
  readonly name: string;
  readonly lines: readonly { readonly label: string; readonly values: readonly Measurement[] }[];
}

/** The logged metrics of a run by their names, in the order of their first appearance. */
export function metricLines(history: readonly HistoryEntry[]): RunLines[] {
  const found = new Map<string, Measurement[]>();
  for (const { step, metrics } of history)
    for (const [name, value] of Object.entries(metrics)) listOf(found, name).push({ step, value });
  return [...found].map(([name, values]) => ({ name, lines: [{ label: name, values }] }));
}

/**
 * What observers found by the numbers' names, a line for each observer. Observers without a name are told apart by their
 * order within a step.
 */
export function evaluationLines(evaluations: readonly Evaluation[]): RunLines[] {
  const found = new Map<string, Map<string, Measurement[]>>();
  /** Of the step that is looked at: how often a number came from observers without a name. */
  let nameless = new Map<string, number>();
  let at = NaN;
  for (const { step, metrics, observer } of evaluations) {
    if (step !== at) [nameless, at] = [new Map(), step];
    for (const [name, value] of Object.entries(metrics)) {
      const count = nameless.get(name) ?? 0;
      if (observer === undefined) nameless.set(name, count + 1);
      let lines = found.get(name);
      if (lines === undefined) found.set(name, (lines = new Map()));
      listOf(lines, observer ?? `observer without a name${count === 0 ? '' : ` (${count + 1})`}`).push({ step, value });
    }
  }
  return [...found].map(([name, lines]) => ({
    name,
    lines: [...lines].map(([label, values]) => ({ label, values })),
  }));
}

function listOf(lists: Map<string, Measurement[]>, name: string): Measurement[] {
  let list = lists.get(name);
  if (list === undefined) lists.set(name, (list = []));
  return list;
}
