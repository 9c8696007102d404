import type { AlignedText } from './aligned-text.js';
import { alignBert, bertNormalize } from './bert-normalizer.js';
import { alignForm } from './compose-text.js';
import { decompose, isAscii, isIn, lowerCase, without } from './code-points.js';
import type { JsonFields } from './json-fields.js';
import { readCharsMap } from './read-chars-map.js';
import { partsByExpression } from './split-text.js';
import { longestLiteral, readPattern } from './text-pattern.js';

/** A step that changes a text before it is cut into words. */
export interface Normalizer {
  readonly apply: (text: string) => string;
  /** The same with places. */
  readonly align: (text: AlignedText) => AlignedText;
  /** How many times longer a text may become by replacements. */
  readonly growth: number;
}

const types = [
  'BertNormalizer',
  'Lowercase',
  'StripAccents',
  'NFC',
  'NFD',
  'NFKC',
  'NFKD',
  'Strip',
  'Replace',
  'Prepend',
  'Precompiled',
  'Sequence',
] as const;
/** Deepest nesting and longest list of sequences. */
const maxDepth = 8;
const maxSteps = 64;
/** Replacements of replacements could fill the memory. */
const maxGrowth = 64;

/** The `normalizer` of a `tokenizer.json`; throws DataError for what is not known. */
export function readNormalizer(fields: JsonFields, depth = 0): Normalizer {
  const type = fields.oneOf('type', types);
  const normalizer = type === 'Sequence' ? readSequence(fields, depth) : readStep(fields, type);
  fields.finish();
  if (normalizer.growth > maxGrowth)
    throw fields.refuse(
      `may make a text ${normalizer.growth} times longer by its replacements, the limit is ${maxGrowth}; replace before encoding`,
    );
  return normalizer;
}

function readSequence(fields: JsonFields, depth: number): Normalizer {
  if (depth === maxDepth) throw fields.refuse(`is nested more than ${maxDepth} deep; write one sequence`);
  const steps = fields
    .list('normalizers', maxSteps)
    .map((item, index) => readNormalizer(fields.item('normalizers', index, item), depth + 1));
  return {
    apply: (text) => steps.reduce((current, step) => step.apply(current), text),
    align: (text) => steps.reduce((current, step) => step.align(current), text),
    growth: steps.reduce((product, step) => product * step.growth, 1),
  };
}

function readStep(fields: JsonFields, type: Exclude<(typeof types)[number], 'Sequence'>): Normalizer {
  switch (type) {
    case 'BertNormalizer': {
      const settings = {
        cleanText: fields.boolean('clean_text'),
        chineseCharacters: fields.boolean('handle_chinese_chars'),
        stripAccents: (fields.value('strip_accents') ?? null) === null ? null : fields.boolean('strip_accents'),
        lowercase: fields.boolean('lowercase'),
      };
      return keep(
        (text) => bertNormalize(text, settings),
        (text) => alignBert(text, settings),
      );
    }
    case 'Lowercase':
      return byCharacter(lowerCase);
    case 'StripAccents':
      return byCharacter((text) => without('combining', text));
    case 'NFD':
      return keep(decompose, (text) => alignForm(text, type));
    case 'NFC':
    case 'NFKC':
    case 'NFKD':
      return keep(
        (text) => (isAscii(text) ? text : text.normalize(type)),
        (text) => alignForm(text, type),
      );
    case 'Strip': {
      const left = fields.boolean('strip_left');
      const right = fields.boolean('strip_right');
      const kept = (text: string): [number, number] => strip(text, left, right);
      return keep(
        (text) => text.slice(...kept(text)),
        (text) => text.slice(...kept(text.text)),
      );
    }
    case 'Replace': {
      const { expression, leastLength } = readPattern(fields, 'pattern');
      const content = fields.string('content');
      if (content.length > longestLiteral) throw fields.error('content', `at most ${longestLiteral} characters`);
      return {
        apply: (text) => text.replace(expression, () => content),
        align: (text) => alignReplaced(text, expression, content),
        growth: Math.max(1, content.length / leastLength),
      };
    }
    case 'Prepend': {
      const before = fields.string('prepend');
      if (before.length > longestLiteral) throw fields.error('prepend', `at most ${longestLiteral} characters`);
      return keep(
        (text) => (text === '' ? text : before + text),
        (text) => text.prepended(before),
      );
    }
    case 'Precompiled': {
      const map = readCharsMap(fields, 'precompiled_charsmap');
      return { apply: (text) => map.apply(text), align: (text) => map.align(text), growth: map.growth };
    }
  }
}

const keep = (apply: (text: string) => string, align: (text: AlignedText) => AlignedText): Normalizer => ({
  apply,
  align: (text) => (text.aligned ? align(text) : text.withText(apply(text.text))),
  growth: 1,
});

/** What is made of each character by itself. */
const byCharacter = (apply: (text: string) => string): Normalizer => keep(apply, (text) => text.mapCharacters(apply));

/** What replaces a match comes from its last character, as in the Rust library. */
function alignReplaced(text: AlignedText, expression: RegExp, content: string): AlignedText {
  if (!text.aligned) return text.withText(text.text.replace(expression, () => content));
  const parts = partsByExpression(text.text, expression).map(({ start, end, match }) => {
    if (!match) return { start, end };
    const last = text.text.codePointAt(end - 2)! > 0xffff ? 2 : 1;
    return { text: content, start: end - last, end };
  });
  return text.rebuilt(parts);
}

/** Which part of a text is left without white space around it. */
function strip(text: string, left: boolean, right: boolean): [number, number] {
  // White space has no surrogates.
  let start = 0;
  let end = text.length;
  if (left) while (start < end && isIn('white', text.charCodeAt(start))) start++;
  if (right) while (end > start && isIn('white', text.charCodeAt(end - 1))) end--;
  return [start, end];
}
