import type { AlignedText } from './aligned-text.js';
import type { JsonFields } from './json-fields.js';
import { joinParts, partsByCharacter } from './split-text.js';

/** Where a text gets the mark of a space before it. */
const schemes = ['always', 'first', 'never'] as const;

/** Settings of SentencePiece's mark for spaces. */
export interface Metaspace {
  /** One character in place of a space. Default `▁`, U+2581. */
  readonly replacement: string;
  /** Before every text between added tokens, only at the very beginning, or nowhere. */
  readonly prepend: (typeof schemes)[number];
  /** Whether a word begins at each mark. */
  readonly split: boolean;
}

/** Reads the fields of a `Metaspace` pre-tokeniser or decoder, also those of older files. */
export function readMetaspace(fields: JsonFields): Metaspace {
  const replacement = fields.string('replacement');
  if (Array.from(replacement).length !== 1) throw fields.error('replacement', 'one character');
  fields.value('str_rep');
  const older = fields.value('add_prefix_space') === undefined ? undefined : fields.boolean('add_prefix_space');
  const prepend = fields.oneOf('prepend_scheme', schemes, older === false ? 'never' : 'always');
  if (older === false && prepend !== 'never')
    throw fields.error('prepend_scheme', "'never', as add_prefix_space is false");
  return { replacement, prepend, split: fields.boolean('split', true) };
}

/** Spaces become marks, and words begin with them. Source: `Metaspace` of Hugging Face `tokenizers`. */
export function metaspaceWords(text: AlignedText, { replacement, prepend, split }: Metaspace): AlignedText[] {
  let marked = !text.text.includes(' ')
    ? text
    : text.aligned
      ? text.mapCharacters((character) => (character === ' ' ? replacement : character))
      : text.withText(text.text.replaceAll(' ', replacement));
  const wanted = prepend === 'always' || (prepend === 'first' && text.isFirst);
  if (wanted && !marked.text.startsWith(replacement)) marked = marked.prepended(replacement);
  if (!split) return [marked];
  const point = replacement.codePointAt(0);
  return joinParts(
    partsByCharacter(marked.text, (other) => other === point),
    'MergedWithNext',
  ).map(({ start, end }) => marked.slice(start, end));
}
