import { BpeModel } from './bpe-model.js';
import { readByteLevel } from './byte-level.js';
import type { JsonFields } from './json-fields.js';
import { readDecoder } from './read-decoder.js';
import type { TokenTable } from './token-table.js';
import { checkModelType, type TokenizerKind } from './tokenizer-kind.js';
import { tokenizerLimits } from './tokenizer-limits.js';

/** The kind of GPT-2, RoBERTa and ModernBERT. Source: `BPE` of Hugging Face `tokenizers`. */
export const bpeKind: TokenizerKind = {
  type: 'BPE',
  className: 'ByteLevelBpeTokenizer',
  frames: ['RobertaProcessing', 'TemplateProcessing', 'BertProcessing', 'ByteLevel', 'Sequence'],
  frame: 'roberta',
  readModel(fields, table) {
    checkModelType(fields, 'BPE', 'read WordPiece and Unigram with loadTokenizer');
    if ((fields.value('dropout') ?? null) !== null)
      throw fields.error('dropout', 'null: the same text has the same ids here');
    for (const name of ['continuing_subword_prefix', 'end_of_word_suffix'])
      if ((fields.value(name) ?? '') !== '')
        throw fields.error(name, "null or '': a piece is its bytes and nothing else in a byte-level vocabulary");
    if (fields.boolean('byte_fallback', false))
      throw fields.error('byte_fallback', 'false: a byte-level vocabulary has the bytes themselves');
    const unknown = (fields.value('unk_token') ?? null) === null ? undefined : fields.string('unk_token');
    const fuseUnknown = fields.boolean('fuse_unk', false);
    const wholeWords = fields.boolean('ignore_merges', false);
    const entries = fields.record('vocab');
    if (entries.length > tokenizerLimits.vocabularySize)
      throw table.fail(`the vocabulary has ${entries.length} entries, the limit is ${tokenizerLimits.vocabularySize}`);
    const ids = new Map<string, number>();
    for (const [token, id] of entries) ids.set(token, table.place(token, id));
    const merges = readMerges(fields, ids, table);
    fields.finish();
    const unknownId = unknown === undefined ? undefined : ids.get(unknown);
    if (unknown !== undefined && unknownId === undefined)
      throw table.fail(`the unknown token '${unknown.slice(0, 60)}' is not in the vocabulary`);
    const model = new BpeModel({ ids, merges, unknownId, fuseUnknown, wholeWords });
    return {
      continuingPrefix: undefined,
      finish: (preTokenizer) => ({ model, preTokenize: readByteLevel(preTokenizer, table.fail) }),
    };
  },
  readDecoder: (fields) => readDecoder(fields, ['ByteLevel', 'Sequence']),
};

/** `["a", "b"]`, or `"a b"` as older files have it. */
function readMerges(
  fields: JsonFields,
  ids: ReadonlyMap<string, number>,
  table: TokenTable,
): (readonly [number, number, number])[] {
  return fields.list('merges', tokenizerLimits.vocabularySize).map((merge, index) => {
    const parts: readonly unknown[] = typeof merge === 'string' ? merge.split(' ') : Array.isArray(merge) ? merge : [];
    const [left, right, ...more] = parts;
    if (typeof left !== 'string' || typeof right !== 'string' || more.length > 0)
      throw table.fail(`'model.merges[${index}]' must be two tokens, as in ["a", "b"]`);
    return [left, right, left + right].map((token) => {
      const id = ids.get(token);
      if (id === undefined)
        throw table.fail(`'model.merges[${index}]' has '${token.slice(0, 60)}', which is not in the vocabulary`);
      return id;
    }) as unknown as readonly [number, number, number];
  });
}
