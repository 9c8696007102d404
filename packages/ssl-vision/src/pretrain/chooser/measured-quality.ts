import type { MeasuredFigures, MeasuredMethod, MeasuredPictures } from './measured-method.js';
import type { Goal, TaskFacts } from './task-facts.js';

/** Where a method stands in the table. */
export interface MeasuredQuality {
  /** 0: the best encoder of the set that nothing has trained; 1: the best method. */
  readonly share: number;
  readonly text: string;
}

/** Labels up to which the probe of ten per class is the one to look at. */
const fewLabels = 1000;

/** The figure that tells what features are worth for a goal. */
export function figureFor(
  goal: Goal,
  { labels = 0 }: Pick<TaskFacts, 'labels'>,
): { readonly name: keyof MeasuredFigures; readonly text: string } {
  if (goal !== 'classification') return { name: 'knn', text: 'kNN' };
  return labels > 0 && labels <= fewLabels
    ? { name: 'probe10', text: 'linear probe with 10 labels per class' }
    : { name: 'probe60', text: 'linear probe with 60 labels per class' };
}

const percent = (share: number): string => (100 * share).toFixed(1);
const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** What a method is looked up by. */
interface Lookup {
  readonly method: string;
  readonly goal: Goal;
  readonly channels: number;
  readonly labels?: number;
  /** Rows of encoders whose names begin so alone; default: all. */
  readonly encoder?: string;
}

/**
 * Where a method stands among all of the sets with such channels; of others where it was measured on those alone.
 *
 * @returns nothing where it was not measured
 */
export function measuredQuality(
  { method, goal, channels, labels, encoder = '' }: Lookup,
  table: readonly MeasuredMethod[],
  sets: Readonly<Record<string, MeasuredPictures>>,
): MeasuredQuality | undefined {
  const { name, text } = figureFor(goal, labels === undefined ? {} : { labels });
  const rows = table.filter((row) => row.encoder.startsWith(encoder));
  const own = rows.filter((row) => row.method === method);
  const alike = own.filter(({ data }) => sets[data]?.channels === channels);
  const looked = alike.length > 0 ? alike : own;
  if (looked.length === 0) return undefined;
  const standings = looked.map((row) => {
    const peers = rows.filter(({ data }) => data === row.data);
    // Pictures found in another collection say more of neighbours than classes do.
    const figure = goal === 'retrieval' && peers.every(({ found }) => found !== undefined) ? 'found' : name;
    const zero = Math.max(...peers.map(({ random }) => random[figure] ?? 0));
    const best = peers.reduce((one, other) => (other[figure]! > one[figure]! ? other : one));
    const range = best[figure]! - zero;
    const share = range > 0 ? (row[figure]! - zero) / range : 0;
    const said = figure === 'found' ? 'pictures found' : text;
    const beside = `random encoder ${percent(row.random[figure] ?? 0)}, best ${best.method} ${percent(best[figure]!)}`;
    return {
      share,
      text: `${row.data}: ${said} ${percent(row[figure]!)} (${beside}) after ${row.epochs * Math.floor(row.images / row.batchSize)} steps`,
    };
  });
  return {
    share: Math.max(-0.5, meanOf(standings.map(({ share }) => share))),
    text: `on ${standings.map((standing) => standing.text).join('; ')}${alike.length > 0 ? '' : `, none with ${channels} channels`}`,
  };
}
