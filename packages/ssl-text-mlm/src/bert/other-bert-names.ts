import { checkStateDict, sameValues, type LoadStateResult } from '@selfsup/ssl-nn';
import { CheckpointError, type NdArray } from '@selfsup/ssl-tensor/host';

/** What became of a state dict. */
export interface BertLoadResult extends LoadStateResult {
  /** Entries that are known and that this model has no use for, with the reason; also after a strict load. */
  readonly ignored: ReadonlyMap<string, string>;
}

/** Parts of Hugging Face's models that a model may lack, by the start of their names. */
export type UnusedParts = Readonly<Record<string, string>>;

/** The pooler of a file, for a model without one. */
export const unusedPooler = 'the pooler, which this model does not have';

const nextSentence: UnusedParts = { 'cls.seq_relationship.': 'the next-sentence head, which this model does not have' };

/** Buffers that older versions of transformers save; newer ones compute them and do not read them either. */
const buffers: Readonly<Record<string, string>> = {
  position_ids: 'positions are counted from 0, as transformers does',
  token_type_ids: 'segments are an input, 0 by default, as in transformers',
};

/**
 * Renames `LayerNorm.gamma` and `LayerNorm.beta`, as files converted from TensorFlow have them, and takes out what the
 * model has no use for.
 *
 * @param unused starts of further names to take out, with the reason
 * @throws CheckpointError for a tensor that is there under two names with different values
 */
export function fromOtherBertNames(
  state: ReadonlyMap<string, NdArray>,
  unused: UnusedParts = {},
): { readonly state: Map<string, NdArray>; readonly ignored: Map<string, string> } {
  checkStateDict('loadStateDict', state);
  const kept = new Map<string, NdArray>();
  const ignored = new Map<string, string>();
  const parts = Object.entries({ ...nextSentence, ...unused });
  for (const [name, array] of state) {
    const part = parts.find(([start]) => name.startsWith(start));
    const buffer = /^(?:bert\.)?embeddings\.(position_ids|token_type_ids)$/.exec(name)?.[1];
    if (part !== undefined) ignored.set(name, part[1]);
    else if (buffer !== undefined) ignored.set(name, buffers[buffer]!);
    else {
      const ours = name.replace(/LayerNorm\.gamma$/, 'LayerNorm.weight').replace(/LayerNorm\.beta$/, 'LayerNorm.bias');
      const twin = kept.get(ours) ?? (ours === name ? undefined : state.get(ours));
      if (twin !== undefined && !sameValues(twin, array))
        throw new CheckpointError(
          `'${name}' and '${ours}' name one tensor and have different values; delete one of them`,
          {
            parameter: name,
          },
        );
      kept.set(ours, array);
    }
  }
  return { state: kept, ignored };
}
