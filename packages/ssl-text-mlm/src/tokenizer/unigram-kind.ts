import type { JsonFields } from './json-fields.js';
import { readDecoder } from './read-decoder.js';
import { readPreTokenizer } from './read-pre-tokenizer.js';
import type { TokenTable } from './token-table.js';
import { checkModelType, type TokenizerKind } from './tokenizer-kind.js';
import { tokenizerLimits } from './tokenizer-limits.js';
import { UnigramModel } from './unigram-model.js';

/** The kind of DeBERTa-v3, XLM-R and ALBERT. Source: `Unigram` of Hugging Face `tokenizers`. */
export const unigramKind: TokenizerKind = {
  type: 'Unigram',
  className: 'UnigramTokenizer',
  frames: ['TemplateProcessing', 'BertProcessing', 'RobertaProcessing', 'Sequence'],
  frame: 'bert',
  readModel(fields, table) {
    checkModelType(fields, 'Unigram', 'read WordPiece and byte-level BPE with loadTokenizer');
    for (const name of ['alpha', 'nbest_size'])
      if ((fields.value(name) ?? null) !== null)
        throw fields.error(name, 'null: the same text has the same ids here, nothing is drawn');
    const byteFallback = fields.boolean('byte_fallback', false);
    const scores = readScores(fields, table);
    const unknownId = fields.integer('unk_id', 0, Math.max(0, scores.length - 1));
    fields.finish();
    const ids = new Map(table.ids);
    const model = new UnigramModel({ ids, scores, unknownId, byteFallback });
    return {
      continuingPrefix: undefined,
      finish: (preTokenizer) => ({
        model,
        preTokenize: preTokenizer === undefined ? undefined : readPreTokenizer(preTokenizer),
      }),
    };
  },
  readDecoder: (fields) => readDecoder(fields, ['Metaspace', 'Sequence']),
};

/** `[["a", -1.5], ...]`: the place in the list is the id. */
function readScores(fields: JsonFields, table: TokenTable): Float64Array {
  const vocabulary = fields.list('vocab', tokenizerLimits.vocabularySize);
  if (vocabulary.length === 0) throw fields.error('vocab', 'a list of tokens with their scores');
  return Float64Array.from(vocabulary, (entry, id) => {
    const [token, score, ...more]: readonly unknown[] = Array.isArray(entry) ? (entry as readonly unknown[]) : [];
    if (typeof token !== 'string' || typeof score !== 'number' || !Number.isFinite(score) || more.length > 0)
      throw table.fail(`'model.vocab[${id}]' must be a token and its score, as in ["a", -1.5]`);
    table.place(token, id);
    return score;
  });
}
