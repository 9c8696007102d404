import { DataError, InvalidOptionError, ShapeError } from '@selfsup/ssl-tensor/host';

/** How well spans are found. */
export interface SpanScores {
  /** Share of the spans found that are right: the same type, start and end. 0 where none is found. */
  readonly precision: number;
  /** Share of the true spans that are found. 0 where there are none. */
  readonly recall: number;
  readonly f1: number;
  /** True spans. */
  readonly support: number;
}

/** All spans together, and those of each type. */
export interface SpanF1 extends SpanScores {
  readonly byType: ReadonlyMap<string, SpanScores>;
}

/** Spans of one kind, counted. */
interface Counts {
  found: number;
  right: number;
  support: number;
}

/**
 * F1 of whole spans that are written as tags of tokens: `B-PER` begins a span of type PER, `I-PER` goes on with it, `O` is
 * outside. An `I-` without a span of its type before it begins one, as conlleval reads it.
 *
 * @param predictions tags of each text
 * @param labels likewise, as many
 * @throws ShapeError where the numbers of texts or of a text's tags differ, or there is no text; DataError for what is no tag
 * Source: `seqeval.metrics.classification_report` in its default mode; all spans together are its micro average.
 */
export function spanF1(predictions: readonly (readonly string[])[], labels: readonly (readonly string[])[]): SpanF1 {
  const where = 'spanF1';
  for (const [name, rows] of Object.entries({ predictions, labels }))
    if (!Array.isArray(rows) || !rows.every((row) => Array.isArray(row)))
      throw new InvalidOptionError(where, name, "lists of tags, such as [['B-PER', 'I-PER', 'O']]", rows);
  if (predictions.length !== labels.length || labels.length === 0)
    throw new ShapeError(
      where,
      'labels',
      `${predictions.length} texts like the predictions, and not none`,
      `${labels.length}`,
    );
  const byType = new Map<string, Counts>();
  const countsOf = (type: string): Counts => {
    const counts = byType.get(type) ?? { found: 0, right: 0, support: 0 };
    byType.set(type, counts);
    return counts;
  };
  labels.forEach((row, text) => {
    const predicted = predictions[text]!;
    if (predicted.length !== row.length)
      throw new ShapeError(where, `labels[${text}]`, `${predicted.length} tags like the predictions`, `${row.length}`);
    const found = spansOf(`predictions[${text}]`, predicted);
    for (const type of found.values()) countsOf(type).found++;
    for (const [span, type] of spansOf(`labels[${text}]`, row)) {
      countsOf(type).support++;
      if (found.get(span) === type) countsOf(type).right++;
    }
  });
  const all = [...byType.values()].reduce(
    (sum, counts) => ({
      found: sum.found + counts.found,
      right: sum.right + counts.right,
      support: sum.support + counts.support,
    }),
    { found: 0, right: 0, support: 0 },
  );
  const names = [...byType.keys()].toSorted();
  return { ...scoresOf(all), byType: new Map(names.map((type) => [type, scoresOf(byType.get(type)!)])) };
}

/** Type of each span by its `start-end`. */
function spansOf(name: string, tags: readonly string[]): Map<string, string> {
  const spans = new Map<string, string>();
  let [start, open] = [0, ''];
  for (let at = 0; at <= tags.length; at++) {
    const tag: unknown = at < tags.length ? tags[at] : 'O';
    if (typeof tag !== 'string' || !/^(?:O|[BI]-.+)$/su.test(tag))
      throw new DataError(
        `spanF1: ${name} has ${(JSON.stringify(tag) as string | undefined)?.slice(0, 60) ?? 'nothing'} at ${at}; a tag is 'O', or 'B-' or 'I-' and a type`,
      );
    const type = tag.slice(2);
    if (tag[0] === 'I' && type === open) continue;
    if (open !== '') spans.set(`${start}-${at}`, open);
    [start, open] = [at, type];
  }
  return spans;
}

function scoresOf({ found, right, support }: Counts): SpanScores {
  return {
    precision: found === 0 ? 0 : right / found,
    recall: support === 0 ? 0 : right / support,
    f1: found + support === 0 ? 0 : (2 * right) / (found + support),
    support,
  };
}
