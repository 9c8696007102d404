import type { NdArray } from 'ssl-tensor/host';

/** Entries of Hugging Face files that no model here holds: constants and the next-sentence head. */
const unused = ['embeddings.position_ids', 'bert.embeddings.position_ids', 'cls.seq_relationship.'];

/**
 * Renames `LayerNorm.gamma` and `LayerNorm.beta`, as files converted from TensorFlow have them, and leaves out what
 * the model has no use for.
 *
 * @param without starts of further names to leave out
 */
export function fromOtherBertNames(
  state: ReadonlyMap<string, NdArray>,
  without: readonly string[] = [],
): Map<string, NdArray> {
  const dropped = [...unused, ...without];
  return new Map(
    [...state]
      .filter(([name]) => !dropped.some((start) => name.startsWith(start)))
      .map(([name, array]) => [
        name.replace(/LayerNorm\.gamma$/, 'LayerNorm.weight').replace(/LayerNorm\.beta$/, 'LayerNorm.bias'),
        array,
      ]),
  );
}
