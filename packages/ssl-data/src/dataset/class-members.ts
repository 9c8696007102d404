import { checkLabels, DataError } from '@selfsup/ssl-core';

/**
 * Numbers of the samples of each class, classes and samples in ascending order.
 *
 * @param where the function that asks, for messages
 * @param labels `[n]` classes; -1 = no label, in none of the lists
 * @throws DataError for a label that is neither a class nor -1, or when no sample has one
 */
export function classMembers(where: string, labels: ArrayLike<number>): ReadonlyMap<number, readonly number[]> {
  checkLabels(where, 'labels', labels, { unlabelled: true });
  const members = new Map<number, number[]>();
  for (let index = 0; index < labels.length; index++) {
    const label = labels[index]!;
    if (label < 0) continue;
    const list = members.get(label);
    if (list === undefined) members.set(label, [index]);
    else list.push(index);
  }
  if (members.size === 0) throw new DataError(`${where}: no sample has a label; all labels are -1`);
  return new Map([...members].sort((a, b) => a[0] - b[0]));
}
