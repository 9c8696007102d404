import { InvalidOptionError } from '@selfsup/ssl-tensor/host';
import { WordPieceTokenizer } from '@selfsup/ssl-text-mlm';

/** Tokens that BLIP puts in the place of `[CLS]`. */
export interface BlipTokens {
  /** First of what the decoder reads and continues: the paper's `[Decode]`. */
  readonly decode: string;
  /** First of what the image-grounded encoder reads, and what it tells the match by: the paper's `[Encode]`. */
  readonly encode: string;
}

/** The names of salesforce/BLIP (`models/blip.py`, `init_tokenizer`). */
export const blipTokens: BlipTokens = { decode: '[DEC]', encode: '[ENC]' };

/** Ids of {@link BlipTokens}. */
export interface BlipTokenIds {
  readonly decode: number;
  readonly encode: number;
}

/**
 * A tokeniser with BLIP's two tokens after its own, as salesforce/BLIP adds them to BERT's; those that are there stay. Make
 * the model with its `vocabSize`, and save it beside the model.
 *
 * @throws InvalidOptionError for what is no tokeniser
 */
export function withBlipTokens(tokenizer: WordPieceTokenizer, tokens: BlipTokens = blipTokens): WordPieceTokenizer {
  checkTokenizer('withBlipTokens', tokenizer);
  const missing = [tokens.decode, tokens.encode].filter((token) => tokenizer.tokenToId(token) === undefined);
  if (missing.length === 0) return tokenizer;
  const json = tokenizer.toJson();
  const added = missing.map((content, at) => ({
    id: tokenizer.vocabSize + at,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  }));
  const { specialTokens } = tokenizer;
  const document = { ...json, added_tokens: [...(json['added_tokens'] as readonly unknown[]), ...added] };
  return WordPieceTokenizer.fromJson(document, { specialTokens });
}

/** @throws InvalidOptionError where the vocabulary lacks one of the tokens, with how to add it */
export function blipTokenIds(where: string, tokenizer: WordPieceTokenizer, tokens: BlipTokens): BlipTokenIds {
  checkTokenizer(where, tokenizer);
  const idOf = (token: string): number => {
    const id = tokenizer.tokenToId(token);
    if (id !== undefined) return id;
    const advice =
      'Add it with tokenizer = withBlipTokens(tokenizer), and make the text configuration with its vocabSize: bertConfig({ vocabSize: tokenizer.vocabSize, ... })';
    throw new InvalidOptionError(where, 'tokenizer', `a vocabulary with ${token}`, tokenizer, advice);
  };
  return { decode: idOf(tokens.decode), encode: idOf(tokens.encode) };
}

function checkTokenizer(where: string, tokenizer: WordPieceTokenizer): void {
  if (typeof (tokenizer as Partial<WordPieceTokenizer> | null | undefined)?.tokenToId === 'function') return;
  const advice = 'Such as await trainWordPiece({ lines, vocabSize: 1000 }) of @selfsup/ssl-text-mlm';
  throw new InvalidOptionError(where, 'tokenizer', 'a WordPieceTokenizer', tokenizer, advice);
}
