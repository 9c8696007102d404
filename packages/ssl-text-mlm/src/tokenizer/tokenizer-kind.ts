import type { JsonFields } from './json-fields.js';
import type { Decoder } from './read-decoder.js';
import type { FrameType } from './read-frame.js';
import type { PreTokenizer } from './read-pre-tokenizer.js';
import type { TokenTable } from './token-table.js';
import type { WordModel } from './word-model.js';

/** What a `model` says; the rest depends on the pre-tokeniser, and on the added tokens, which come after the model's. */
export interface ModelReading {
  /** Begins a piece that continues a word; undefined where a mark begins those that begin one. */
  readonly continuingPrefix: string | undefined;
  /** @param preTokenizer undefined where the file has none */
  finish(preTokenizer: JsonFields | undefined): {
    readonly model: WordModel;
    readonly preTokenize: PreTokenizer | undefined;
  };
}

/** A kind of tokeniser: how the parts of its `tokenizer.json` are read that others have otherwise. */
export interface TokenizerKind {
  /** `model.type`. */
  readonly type: 'WordPiece' | 'BPE' | 'Unigram';
  /** Class that reads it. */
  readonly className: string;
  readonly frames: readonly FrameType[];
  /** What is put around two texts where the file says nothing. */
  readonly frame: 'bert' | 'roberta';
  readModel(fields: JsonFields, table: TokenTable): ModelReading;
  readDecoder(fields: JsonFields): Decoder;
}

/** @throws DataError for a model of another kind, naming who reads it */
export function checkModelType(fields: JsonFields, type: TokenizerKind['type'], advice: string): void {
  if ((fields.value('type') ?? type) !== type) throw fields.error('type', `'${type}' (${advice})`);
}
