import { AlignedText, type ChangedCharacter } from './aligned-text.js';
import type { JsonFields } from './json-fields.js';

/** Largest map, in bytes: SentencePiece's own are below 300 KiB. */
const maxBytes = 4 * 1024 * 1024;
/** Longest replacement, in bytes. */
const longestReplacement = 256;

/** SentencePiece's compiled rules, which replace graphemes and characters. */
export interface CharsMap {
  readonly apply: (text: string) => string;
  readonly align: (text: AlignedText) => AlignedText;
  readonly growth: number;
}

/**
 * The `precompiled_charsmap` of a `Precompiled` normaliser: four bytes of size, a double-array trie of 32-bit units, and
 * replacements that end with a zero byte, in base 64.
 *
 * Source: `spm_precompiled` and `Precompiled` of Hugging Face `tokenizers`. A grapheme of at most 5 bytes is looked for whole
 * and then by its characters, and of the entries that begin it the shortest counts, as there. What a grapheme is, is the
 * runtime's Unicode.
 *
 * @throws DataError where it is not such a map, or one that leads out of itself
 */
export function readCharsMap(fields: JsonFields, name: string): CharsMap {
  const bytes = Buffer.from(fields.string(name), 'base64');
  if (bytes.length > maxBytes) throw fields.refuse(`has a map of ${bytes.length} bytes, the limit is ${maxBytes}`);
  const size = bytes.length < 4 ? 0 : bytes.readUInt32LE(0);
  if (size < 4 || size % 4 !== 0 || 4 + size > bytes.length)
    throw fields.error(name, "SentencePiece's map in base 64 (take the field from the model's own file)");
  const trie = new Uint32Array(size / 4);
  for (let unit = 0; unit < trie.length; unit++) trie[unit] = bytes.readUInt32LE(4 + 4 * unit);
  const texts = bytes.subarray(4 + size);
  if (Buffer.compare(Buffer.from(texts.toString('utf8')), texts) !== 0)
    throw fields.error(name, 'a map whose replacements are UTF-8');
  let longest = 0;
  for (let at = 0; at < texts.length;) {
    const end = texts.indexOf(0, at);
    longest = Math.max(longest, (end < 0 ? texts.length : end) - at);
    at = end < 0 ? texts.length : end + 1;
  }
  if (longest > longestReplacement)
    throw fields.refuse(`has a replacement of ${longest} bytes, the limit is ${longestReplacement}`);

  const known = new Map<string, string | undefined>();
  const replacementOf = (chunk: string): string | undefined => {
    if (known.has(chunk)) return known.get(chunk);
    const at = firstValue(trie, Buffer.from(chunk, 'utf8'));
    const end = at === undefined ? 0 : texts.indexOf(0, at);
    const found =
      at === undefined || at > texts.length
        ? undefined
        : texts.subarray(at, end < 0 ? texts.length : end).toString('utf8');
    if (known.size < 100_000) known.set(chunk, found);
    return found;
  };
  const align = (text: AlignedText): AlignedText => alignMapped(text, replacementOf);
  return { apply: (text) => align(AlignedText.of(text, false)).text, align, growth: Math.max(1, longest) };
}

/** Value of the shortest entry that begins a key; undefined where there is none, also where the trie leads out of itself. */
function firstValue(trie: Uint32Array, key: Uint8Array): number | undefined {
  const offset = (unit: number): number => (unit >>> 10) << ((unit & 512) >>> 6);
  let node = offset(trie[0]!);
  for (const byte of key) {
    if (byte === 0) return undefined;
    node = (node ^ byte) >>> 0;
    const unit = trie[node];
    if (unit === undefined || (unit & 0x800000ff) >>> 0 !== byte) return undefined;
    node = (node ^ offset(unit)) >>> 0;
    if ((unit & 256) !== 0) {
      const leaf = trie[node];
      return leaf === undefined ? undefined : leaf & 0x7fffffff;
    }
  }
  return undefined;
}

let graphemes: Intl.Segmenter | undefined;

/**
 * A text by its graphemes and characters. That what follows a text that falls away at the beginning comes from one character
 * before is so in the Rust library.
 */
function alignMapped(text: AlignedText, replacementOf: (chunk: string) => string | undefined): AlignedText {
  graphemes ??= new Intl.Segmenter('en', { granularity: 'grapheme' });
  const made: ChangedCharacter[] = [];
  let isChanged = false;
  const put = (from: string, to: string): void => {
    isChanged = true;
    const before = made.length;
    for (const character of to) made.push({ text: character, change: 0 });
    const more = made.length - before - Array.from(from).length;
    for (let left = more; left > 0; left--) made[made.length - left]!.change = 1;
    if (more < 0 && made.length > 0) made.at(-1)!.change += more;
  };
  for (const { segment } of graphemes.segment(text.text)) {
    const whole = Buffer.byteLength(segment) < 6 ? replacementOf(segment) : undefined;
    if (whole !== undefined) {
      put(segment, whole);
      continue;
    }
    for (const character of segment) {
      const replacement = replacementOf(character);
      if (replacement !== undefined) put(character, replacement);
      else made.push({ text: character, change: 0 });
    }
  }
  if (!isChanged) return text;
  return text.aligned ? text.transformed(made) : text.withText(made.map((each) => each.text).join(''));
}
