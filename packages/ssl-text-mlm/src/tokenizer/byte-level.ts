import type { AlignedText } from './aligned-text.js';
import { knownPattern } from './known-patterns.js';
import type { JsonFields } from './json-fields.js';
import { cutting, inTurn, type PreTokenizer, readPreTokenizer } from './read-pre-tokenizer.js';
import { joinParts, partsByExpression } from './split-text.js';

/** GPT-2's words: a space goes with the word that follows it. */
export const gpt2Pattern = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";
const mostSteps = 64;

/**
 * The pre-tokeniser of a byte-level file: `ByteLevel`, or a sequence that ends with it. Its bytes are the model's work, so
 * that words stay texts and keep their places.
 *
 * Source: `ByteLevel` of Hugging Face `tokenizers`.
 *
 * @throws DataError where bytes are not made, or not last
 */
export function readByteLevel(fields: JsonFields | undefined, fail: (problem: string) => Error): PreTokenizer {
  if (fields === undefined) throw fail(`it has no pre_tokenizer; ${advice}`);
  const type = fields.value('type');
  if (type === 'ByteLevel') {
    const settings = {
      addPrefixSpace: fields.boolean('add_prefix_space', true),
      split: fields.boolean('use_regex', true),
    };
    fields.boolean('trim_offsets', true);
    fields.finish();
    return byteLevelWords(settings);
  }
  if (type !== 'Sequence') throw fields.error('type', `'ByteLevel' or 'Sequence'; ${advice}`);
  const items = fields.list('pretokenizers', mostSteps);
  const last = items.at(-1);
  const steps = items.slice(0, -1).map((item, index) => readPreTokenizer(fields.item('pretokenizers', index, item), 1));
  fields.finish();
  if (last === undefined) throw fields.error('pretokenizers', `a list that ends with 'ByteLevel'; ${advice}`);
  return inTurn([...steps, readByteLevel(fields.item('pretokenizers', items.length - 1, last), fail)]);
}

const advice =
  'only BPE of bytes is read here, whose last pre-tokeniser is { "type": "ByteLevel" }: encode with another library and pass the ids to TokenDataset.fromSequences';

/** How a text is cut before its bytes are looked at. */
export interface ByteLevelOptions {
  /** A space before a text that has none, so that its first word is like any other. */
  readonly addPrefixSpace: boolean;
  /** Cut into {@link gpt2Pattern}; otherwise the text is one word. */
  readonly split: boolean;
}

/** Words of a text between added tokens. */
export function byteLevelWords({ addPrefixSpace, split }: ByteLevelOptions): PreTokenizer {
  const expression = knownPattern(gpt2Pattern)!;
  const cut = cutting((text) => joinParts(partsByExpression(text, expression), 'Isolated'));
  return (text: AlignedText) => {
    const begun = addPrefixSpace && !text.text.startsWith(' ') ? text.prepended(' ') : text;
    return split ? cut(begun) : [begun];
  };
}
