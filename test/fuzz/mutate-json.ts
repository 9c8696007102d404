import type { RandomStream } from '@selfsup/ssl-tensor/host';

/** A damaged copy of a document, and what was done to it. */
export interface JsonMutant {
  readonly value: unknown;
  readonly steps: readonly string[];
}

type Container = Record<string, unknown> | unknown[];
interface Place {
  readonly holder: Container;
  readonly key: string;
  readonly path: string;
}

/** Values at which readers of JSON go wrong. */
const hostileScalars: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1,
  0.5,
  1e308,
  -0,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  4e9,
];
const hostileTexts = [
  '',
  ' ',
  '\0',
  '\ud800',
  'a',
  '__proto__',
  'constructor',
  '(a+)+$',
  '(a|a)*b',
  '[',
  '\\',
  '\u{1f600}',
];
const hostile: readonly unknown[] = [
  ...hostileScalars,
  ...hostileTexts,
  'x'.repeat(2000),
  [],
  {},
  [[]],
  [null],
  [{}],
  { type: 'Sequence' },
  { type: 'Sequence', normalizers: [{}] },
  { type: 'ByteLevel' },
  { type: 'Split', pattern: { Regex: '(a+)+$' }, behavior: 'Isolated', invert: false },
  { type: 'Replace', pattern: { Regex: '^(\\s+)*$' }, content: '' },
  { type: 'Replace', pattern: { String: 'a' }, content: 'a'.repeat(500) },
  { String: '' },
  { Regex: '\\s+' },
  { toString: null, valueOf: 1 },
];

const wordsOf = (value: unknown, words: Set<string>): Set<string> => {
  if (typeof value === 'string') words.add(value);
  else if (typeof value === 'object' && value !== null)
    for (const [key, item] of Object.entries(value)) wordsOf(item, words.add(key));
  return words;
};

function placesOf(holder: Container, path: string, places: Place[]): Place[] {
  // Of long lists and records, such as a vocabulary, only a part.
  for (const key of Object.keys(holder).slice(0, 40)) {
    const at = `${path}/${key}`;
    places.push({ holder, key, path: at });
    const value = (holder as Record<string, unknown>)[key];
    if (typeof value === 'object' && value !== null) placesOf(value as Container, at, places);
  }
  return places;
}

function set(holder: Container, key: string, value: unknown): void {
  // An own property also where the name is `__proto__`, as JSON.parse makes it.
  Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true });
}

/**
 * Damages a copy of a JSON document by one to four steps: values replaced by hostile ones, by other words or by other
 * parts of the document, fields removed, renamed, added, items repeated, and deep nesting.
 */
export function mutateJson(seed: unknown, random: RandomStream): JsonMutant {
  const root = { document: structuredClone(seed) };
  const steps: string[] = [];
  const count = 1 + random.integer(random.bernoulli(0.6) ? 1 : 4);
  for (let step = 0; step < count; step++) {
    const places = placesOf(root, '', []);
    const { holder, key, path } = places[random.integer(places.length)]!;
    const other = places[random.integer(places.length)]!;
    const pick = <T>(from: readonly T[]): T => from[random.integer(from.length)]!;
    switch (random.integer(7)) {
      case 0: {
        set(holder, key, structuredClone(pick(hostile)));
        steps.push(`replace ${path}`);
        break;
      }
      case 1: {
        if (Array.isArray(holder)) holder.splice(Number(key), 1);
        else if (path !== '/document') delete holder[key];
        steps.push(`remove ${path}`);
        break;
      }
      case 2: {
        const name = pick([...wordsOf(root.document, new Set(['__proto__', 'length', 'toString', 'type']))]);
        const value = structuredClone((holder as Record<string, unknown>)[key]);
        if (Array.isArray(holder)) holder.push({ [name]: value });
        else set(holder, name, value);
        steps.push(`write ${path} also as ${name}`);
        break;
      }
      case 3: {
        set(holder, key, structuredClone((other.holder as Record<string, unknown>)[other.key]));
        steps.push(`write ${other.path} to ${path}`);
        break;
      }
      case 4: {
        set(holder, key, pick([...wordsOf(root.document, new Set(['Sequence', 'Replace', 'Split']))]));
        steps.push(`write a word to ${path}`);
        break;
      }
      case 5: {
        let nested: unknown = structuredClone((holder as Record<string, unknown>)[key]);
        const depth = pick([1, 3, 40, 1000]);
        const name = pick(['normalizers', 'pretokenizers', 'a', '0']);
        for (let level = 0; level < depth; level++)
          nested = random.bernoulli(0.5) ? [nested] : { type: 'Sequence', [name]: [nested] };
        set(holder, key, nested);
        steps.push(`nest ${path} ${depth} deep`);
        // The walks here are recursive, so nothing goes on in what is deep.
        if (depth > 100) return { value: root.document, steps };
        break;
      }
      default: {
        if (Array.isArray(holder))
          holder.push(...Array.from({ length: 3 }, () => structuredClone(holder[Number(key)])));
        else set(holder, `${key}_2`, 1);
        steps.push(`repeat ${path}`);
      }
    }
  }
  return { value: root.document, steps };
}
