import { DataError } from '@selfsup/ssl-core';
import type { LabelMember } from './member-label.js';
import type { OpenedShard } from './open-shard.js';
import type { SampleTable } from './sample-table.js';
import { shardName } from './shard-store.js';

/** What shards say of the names of their classes. */
export interface JoinedClassRecords {
  /** All names, each once; those of the shards where they have the same ones. */
  readonly names: readonly string[];
  /** How many each shard has, `[shards]`. */
  readonly counts: readonly number[];
  /** Labels, `[samples]`, as places in `names` instead of in the shard's own list; -1 stays. */
  renumbered(labels: Int32Array, table: SampleTable): Int32Array;
}

/**
 * Joins the records of classes of shards, which name the numbers in `cls`.
 *
 * @param label where classes are read from; records say nothing of other members and of texts
 * @param mayDiffer whether a list of the caller says how the classes of all shards are numbered
 * @returns `undefined` where no shard has a record
 * @throws DataError for shards whose numbers mean different classes
 */
export function joinClassRecords(
  opened: readonly OpenedShard[],
  label: LabelMember | undefined,
  mayDiffer: boolean,
): JoinedClassRecords | undefined {
  if (label?.extension !== 'cls' || label.field !== undefined || label.kind === 'names') return undefined;
  const named = opened.find(({ index }) => index.classes !== undefined);
  if (named === undefined) return undefined;
  const lists = opened.map(({ shard, index: { classes } }) => {
    if (classes !== undefined) return classes;
    throw new DataError(
      `does not name its classes, and '${shardName(named.shard)}' does, so that their numbers may differ; pack them anew from one source, open them apart, or pass label: 'none'`,
      { path: shardName(shard) },
    );
  });
  const [first] = lists;
  const other = lists.findIndex((list) => !areEqual(list, first!));
  if (other >= 0 && !mayDiffer)
    throw new DataError(
      `has the classes ${shown(lists[other]!)}, and '${shardName(opened[0]!.shard)}' has ${shown(first!)}; pass classes, a list of all names, by which both are numbered, open them apart, or pass label: 'none'`,
      { path: shardName(opened[other]!.shard) },
    );
  const numbers = new Map<string, number>();
  for (const name of other < 0 ? first! : lists.flat()) if (!numbers.has(name)) numbers.set(name, numbers.size);
  return {
    names: [...numbers.keys()],
    counts: lists.map((list) => list.length),
    renumbered(labels, { shardStarts }) {
      if (other < 0) return labels;
      const renumbered = Int32Array.from(labels);
      for (const [shard, list] of lists.entries())
        for (let sample = shardStarts[shard]!; sample < shardStarts[shard + 1]!; sample++)
          if (labels[sample]! >= 0) renumbered[sample] = numbers.get(list[labels[sample]!]!)!;
      return renumbered;
    },
  };
}

function areEqual(a: readonly string[], b: readonly string[]): boolean {
  return a === b || (a.length === b.length && a.every((name, number) => name === b[number]));
}

function shown(names: readonly string[]): string {
  const listed = names.slice(0, 5).map((name) => `'${name.slice(0, 80)}'`);
  return `${listed.join(', ')}${names.length > 5 ? ` and ${names.length - 5} more` : ''}`;
}
