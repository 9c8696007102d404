import { PieceTable } from './piece-table.js';
import { readDecoder } from './read-decoder.js';
import { readPreTokenizer } from './read-pre-tokenizer.js';
import { checkModelType, type TokenizerKind } from './tokenizer-kind.js';
import { tokenizerLimits } from './tokenizer-limits.js';
import { wordPieces } from './word-pieces.js';

/** BERT's kind. Source: `WordPiece` of Hugging Face `tokenizers`. */
export const wordPieceKind: TokenizerKind = {
  type: 'WordPiece',
  className: 'WordPieceTokenizer',
  frames: ['TemplateProcessing', 'BertProcessing', 'RobertaProcessing'],
  frame: 'bert',
  readModel(fields, table) {
    checkModelType(
      fields,
      'WordPiece',
      'read byte-level BPE and Unigram with loadTokenizer; encode others with another library and pass the ids to TokenDataset.fromSequences',
    );
    const unknown = fields.string('unk_token');
    const continuingPrefix = fields.string('continuing_subword_prefix', '##');
    const maxWordCharacters = fields.integer('max_input_chars_per_word', 0, tokenizerLimits.wordCharacters, 100);
    const entries = fields.record('vocab');
    fields.finish();
    if (entries.length > tokenizerLimits.vocabularySize)
      throw table.fail(`the vocabulary has ${entries.length} entries, the limit is ${tokenizerLimits.vocabularySize}`);
    const vocabulary = new Map<string, number>();
    for (const [token, id] of entries) vocabulary.set(token, table.place(token, id));
    const unknownId = vocabulary.get(unknown);
    if (unknownId === undefined)
      throw table.fail(`the unknown token '${unknown.slice(0, 60)}' is not in the vocabulary`);
    const beginnings = new PieceTable(vocabulary);
    const continuations = beginnings.after(continuingPrefix);
    const model = { beginnings, continuations, unknownId, maxWordCharacters };
    return {
      continuingPrefix,
      finish: (preTokenizer) => ({
        model: { pieces: (word, places) => wordPieces(word, model, places) },
        preTokenize: preTokenizer === undefined ? undefined : readPreTokenizer(preTokenizer),
      }),
    };
  },
  readDecoder: (fields) => readDecoder(fields, ['WordPiece']),
};
