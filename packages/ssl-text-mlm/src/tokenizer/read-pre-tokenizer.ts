import { isIn } from './code-points.js';
import type { JsonFields } from './json-fields.js';
import {
  joinParts,
  type Part,
  partsByCharacter,
  partsByExpression,
  type SplitBehavior,
  splitBehaviors,
} from './split-text.js';
import { readPattern } from './text-pattern.js';

/** Cuts a normalised text into words. */
export type PreTokenizer = (text: string) => string[];

const types = [
  'BertPreTokenizer',
  'Whitespace',
  'WhitespaceSplit',
  'Punctuation',
  'Digits',
  'CharDelimiterSplit',
  'Split',
  'Sequence',
] as const;
/** Deepest nesting and longest list of sequences. */
const maxDepth = 8;
const maxSteps = 64;

const isWhite = (point: number): boolean => isIn('white', point);
const isPunctuation = (point: number): boolean => isIn('punctuation', point);
const isNumeric = (point: number): boolean => isIn('numeric', point);

/** White space falls away, each punctuation mark is a word. Source: `BertPreTokenizer` of Hugging Face `tokenizers`. */
export function bertWords(text: string): string[] {
  return joinParts(partsByCharacter(text, isWhite), 'Removed').flatMap((word) =>
    joinParts(partsByCharacter(word, isPunctuation), 'Isolated'),
  );
}

/** The `pre_tokenizer` of a `tokenizer.json`; throws DataError for what is not known. */
export function readPreTokenizer(fields: JsonFields, depth = 0): PreTokenizer {
  const type = fields.oneOf('type', types);
  const preTokenizer = type === 'Sequence' ? readSequence(fields, depth) : readStep(fields, type);
  fields.finish();
  return preTokenizer;
}

function readSequence(fields: JsonFields, depth: number): PreTokenizer {
  if (depth === maxDepth) throw fields.refuse(`is nested more than ${maxDepth} deep; write one sequence`);
  const steps = fields
    .list('pretokenizers', maxSteps)
    .map((item, index) => readPreTokenizer(fields.item('pretokenizers', index, item), depth + 1));
  return (text) => steps.reduce((pieces, step) => pieces.flatMap(step), [text]);
}

function readStep(fields: JsonFields, type: Exclude<(typeof types)[number], 'Sequence'>): PreTokenizer {
  switch (type) {
    case 'BertPreTokenizer':
      return bertWords;
    case 'Whitespace':
      return words;
    case 'WhitespaceSplit':
      return (text) => joinParts(partsByCharacter(text, isWhite), 'Removed');
    case 'Punctuation': {
      const behavior = fields.oneOf('behavior', splitBehaviors, 'Isolated');
      return (text) => joinParts(partsByCharacter(text, isPunctuation), behavior);
    }
    case 'Digits': {
      const behavior: SplitBehavior = fields.boolean('individual_digits') ? 'Isolated' : 'Contiguous';
      return (text) => joinParts(partsByCharacter(text, isNumeric), behavior);
    }
    case 'CharDelimiterSplit': {
      const delimiter = fields.string('delimiter');
      const point = delimiter.codePointAt(0);
      if (point === undefined || delimiter !== String.fromCodePoint(point))
        throw fields.error('delimiter', 'one character');
      return (text) =>
        joinParts(
          partsByCharacter(text, (other) => other === point),
          'Removed',
        );
    }
    case 'Split': {
      const { expression } = readPattern(fields, 'pattern');
      const behavior = fields.oneOf('behavior', splitBehaviors);
      const invert = fields.boolean('invert', false);
      return (text) => {
        const parts = partsByExpression(text, expression);
        return joinParts(
          invert ? parts.map(({ text: part, match }) => ({ text: part, match: !match })) : parts,
          behavior,
        );
      };
    }
  }
}

/** Runs of word characters, and runs of what is neither those nor white space: `\w+|[^\w\s]+`. */
function words(text: string): string[] {
  const kinds: Part[] = [];
  let kind = '';
  for (const character of text) {
    const point = character.codePointAt(0)!;
    const next = isIn('word', point) ? 'word' : isWhite(point) ? 'white' : 'other';
    if (next === 'white') kinds.push({ text: character, match: true });
    else if (next === kind) kinds.push({ text: kinds.pop()!.text + character, match: false });
    else kinds.push({ text: character, match: false });
    kind = next;
  }
  return joinParts(kinds, 'Removed');
}
