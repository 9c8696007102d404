import type { TextTokenizer } from '../tokenizer/text-tokenizer.js';
import type { MaskingVocabulary } from './masking-units.js';

/** The collator's view of a tokeniser's vocabulary. */
export function maskingVocabulary(tokenizer: TextTokenizer): MaskingVocabulary {
  const specialIds = tokenizer.allSpecialIds();
  const special = Uint8Array.from({ length: tokenizer.vocabSize }, (_, id) => (specialIds.has(id) ? 1 : 0));
  const ordinary = Int32Array.from({ length: tokenizer.vocabSize }, (_, id) => id).filter((id) => special[id] === 0);
  return { special, continues: tokenizer.continuations(), ordinary, maskId: tokenizer.specialIds.mask };
}
