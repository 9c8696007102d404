import type { AlignedText } from './aligned-text.js';
import { isIn } from './code-points.js';
import type { JsonFields } from './json-fields.js';
import { type Metaspace, metaspaceWords, readMetaspace } from './metaspace.js';
import {
  joinParts,
  type Part,
  partsByCharacter,
  partsByExpression,
  type Span,
  type SplitBehavior,
  splitBehaviors,
} from './split-text.js';
import { readPattern } from './text-pattern.js';

/** Cuts a normalised text into words. */
export type PreTokenizer = (text: AlignedText) => AlignedText[];

const types = [
  'BertPreTokenizer',
  'Whitespace',
  'WhitespaceSplit',
  'Punctuation',
  'Digits',
  'CharDelimiterSplit',
  'Split',
  'Metaspace',
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
  return bertSpans(text).map(({ start, end }) => text.slice(start, end));
}

function bertSpans(text: string): Span[] {
  return joinParts(partsByCharacter(text, isWhite), 'Removed').flatMap(({ start, end }) =>
    joinParts(partsByCharacter(text.slice(start, end), isPunctuation), 'Isolated').map((part) => ({
      start: start + part.start,
      end: start + part.end,
    })),
  );
}

/** The `pre_tokenizer` of a `tokenizer.json`; throws DataError for what is not known. */
export function readPreTokenizer(fields: JsonFields, depth = 0): PreTokenizer {
  const type = fields.oneOf('type', types);
  if (type !== 'Sequence') {
    const step = type === 'Metaspace' ? metaspace(readMetaspace(fields)) : cutting(readSpans(fields, type));
    fields.finish();
    return step;
  }
  if (depth === maxDepth) throw fields.refuse(`is nested more than ${maxDepth} deep; write one sequence`);
  const steps = fields
    .list('pretokenizers', maxSteps)
    .map((item, index) => readPreTokenizer(fields.item('pretokenizers', index, item), depth + 1));
  fields.finish();
  return inTurn(steps);
}

/** Each step cuts what the one before gives. */
export function inTurn(steps: readonly PreTokenizer[]): PreTokenizer {
  return (text) => steps.reduce((pieces, step) => pieces.flatMap((piece) => step(piece)), [text]);
}

/** Cuts a text at spans. */
export function cutting(spans: (text: string) => readonly Span[]): PreTokenizer {
  return (text) => spans(text.text).map(({ start, end }) => text.slice(start, end));
}

const metaspace =
  (settings: Metaspace): PreTokenizer =>
  (text) =>
    metaspaceWords(text, settings);

function readSpans(
  fields: JsonFields,
  type: Exclude<(typeof types)[number], 'Sequence' | 'Metaspace'>,
): (text: string) => Span[] {
  switch (type) {
    case 'BertPreTokenizer':
      return bertSpans;
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
        return joinParts(invert ? parts.map((part) => ({ ...part, match: !part.match })) : parts, behavior);
      };
    }
  }
}

/** Runs of word characters, and runs of what is neither those nor white space: `\w+|[^\w\s]+`. */
function words(text: string): Span[] {
  const parts: Part[] = [];
  let kind = '';
  let at = 0;
  for (const character of text) {
    const start = at;
    at += character.length;
    const point = character.codePointAt(0)!;
    const next = isIn('word', point) ? 'word' : isWhite(point) ? 'white' : 'other';
    const before = next !== 'white' && next === kind ? parts.pop()!.start : start;
    parts.push({ start: before, end: at, match: next === 'white' });
    kind = next;
  }
  return joinParts(parts, 'Removed');
}
