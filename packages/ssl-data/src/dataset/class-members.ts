/**
 * Numbers of the samples of each class, classes and samples in ascending order.
 *
 * @param labels `[n]` classes; negative = unlabelled, in none of the lists
 */
export function classMembers(labels: ArrayLike<number>): ReadonlyMap<number, readonly number[]> {
  const members = new Map<number, number[]>();
  for (let index = 0; index < labels.length; index++) {
    const label = labels[index]!;
    if (label < 0) continue;
    const list = members.get(label);
    if (list === undefined) members.set(label, [index]);
    else list.push(index);
  }
  return new Map([...members].sort((a, b) => a[0] - b[0]));
}
