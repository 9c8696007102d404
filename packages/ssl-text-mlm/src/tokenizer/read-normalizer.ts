import { bertNormalize } from './bert-normalizer.js';
import { decompose, isIn, lowerCase, without } from './code-points.js';
import type { JsonFields } from './json-fields.js';
import { longestLiteral, readPattern } from './text-pattern.js';

/** A step that changes a text before it is cut into words. */
export interface Normalizer {
  readonly apply: (text: string) => string;
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
      return keep((text) => bertNormalize(text, settings));
    }
    case 'Lowercase':
      return keep(lowerCase);
    case 'StripAccents':
      return keep((text) => without('combining', text));
    case 'NFD':
      return keep(decompose);
    case 'NFC':
    case 'NFKC':
    case 'NFKD':
      return keep((text) => text.normalize(type));
    case 'Strip': {
      const left = fields.boolean('strip_left');
      const right = fields.boolean('strip_right');
      return keep((text) => strip(text, left, right));
    }
    case 'Replace': {
      const { expression, leastLength } = readPattern(fields, 'pattern');
      const content = fields.string('content');
      if (content.length > longestLiteral) throw fields.error('content', `at most ${longestLiteral} characters`);
      return {
        apply: (text) => text.replace(expression, () => content),
        growth: Math.max(1, content.length / leastLength),
      };
    }
  }
}

const keep = (apply: (text: string) => string): Normalizer => ({ apply, growth: 1 });

function strip(text: string, left: boolean, right: boolean): string {
  // White space has no surrogates.
  let start = 0;
  let end = text.length;
  if (left) while (start < end && isIn('white', text.charCodeAt(start))) start++;
  if (right) while (end > start && isIn('white', text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}
