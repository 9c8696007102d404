import { type LeftOut, LeftOutCounter } from '../dataset/left-out.js';
import { stringAt } from '../dataset/string-table.js';
import type { SampleTable } from './sample-table.js';

/**
 * Members that no sample's image or class is read from, by extension.
 *
 * @param used extensions of images and classes
 * @param before what was left out before, in the folder and in the archives
 */
export function unusedMembers(
  { extensions, extensionOf, memberStarts, keys }: SampleTable,
  used: readonly string[],
  before: readonly LeftOut[],
): readonly LeftOut[] {
  const counter = new LeftOutCounter();
  for (const { kind, count, names } of before) counter.addAll(kind, count, names);
  const kinds = extensions.map((extension) => (used.includes(extension) ? undefined : `.${extension}`));
  if (kinds.some((kind) => kind !== undefined))
    for (let sample = 0; sample < memberStarts.length - 1; sample++)
      for (let member = memberStarts[sample]!; member < memberStarts[sample + 1]!; member++) {
        const kind = kinds[extensionOf[member]!];
        if (kind !== undefined) counter.add(kind, `${stringAt(keys, sample)}${kind}`);
      }
  return counter.finish();
}
