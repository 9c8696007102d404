import { fromByteCharacters } from './byte-alphabet.js';
import { decodeWordPieces } from './decode-word-pieces.js';
import type { JsonFields } from './json-fields.js';
import { readMetaspace } from './metaspace.js';
import { readPattern } from './text-pattern.js';

/** Makes texts of pieces, which are joined in the end; a step of several, or all there is. */
export type Decoder = (pieces: readonly string[]) => readonly string[];

/** Kinds of `decoder`. */
export type DecoderType = 'WordPiece' | 'ByteLevel' | 'Metaspace' | 'Sequence' | (typeof steps)[number];

/** Steps that stand in a sequence. */
const steps = ['Replace', 'ByteFallback', 'Fuse', 'Strip'] as const;
const mostSteps = 16;

/** What a message says about a decoder of the wrong kind. */
const ways: Partial<Record<DecoderType, string>> = {
  WordPiece: '{ "type": "WordPiece", "prefix": "##", "cleanup": true }',
  ByteLevel: '{ "type": "ByteLevel" }',
  Metaspace: '{ "type": "Metaspace", "replacement": "▁" }',
};

/** The `decoder` of a `tokenizer.json`; throws DataError for what is not known, or is not among `types`. */
export function readDecoder(fields: JsonFields, types: readonly DecoderType[]): Decoder {
  const given = fields.value('type');
  const type = types.find((each) => each === given);
  if (type === undefined)
    throw fields.error(
      'type',
      `${types.map((each) => `'${each}'`).join(' or ')} (write ${ways[types[0]!]}, or null to have tokens with spaces between)`,
    );
  const decoder = readStep(fields, type, types);
  fields.finish();
  return decoder;
}

function readStep(fields: JsonFields, type: DecoderType, types: readonly DecoderType[]): Decoder {
  switch (type) {
    case 'WordPiece': {
      const decoding = { prefix: fields.string('prefix', '##'), cleanup: fields.boolean('cleanup', true) };
      return (pieces) => [decodeWordPieces(pieces, decoding)];
    }
    case 'ByteLevel':
      for (const name of ['add_prefix_space', 'trim_offsets', 'use_regex']) fields.boolean(name, true);
      return (pieces) => [fromByteCharacters(pieces)];
    case 'Metaspace': {
      const { replacement, prepend } = readMetaspace(fields);
      return (pieces) =>
        pieces.map((piece, index) => piece.replaceAll(replacement, index === 0 && prepend !== 'never' ? '' : ' '));
    }
    case 'Replace': {
      const { expression, leastLength } = readPattern(fields, 'pattern');
      const content = fields.string('content');
      // Replacements of replacements could fill the memory.
      if (content.length > leastLength)
        throw fields.error('content', `at most ${leastLength} characters, as its pattern`);
      return (pieces) => pieces.map((piece) => piece.replace(expression, () => content));
    }
    case 'ByteFallback':
      return bytesOfPieces;
    case 'Fuse':
      return (pieces) => [pieces.join('')];
    case 'Strip': {
      const content = fields.string('content');
      if (Array.from(content).length !== 1) throw fields.error('content', 'one character');
      const start = fields.integer('start', 0, 1000);
      const stop = fields.integer('stop', 0, 1000);
      return (pieces) => pieces.map((piece) => stripped(piece, content, start, stop));
    }
    case 'Sequence': {
      const inner: readonly DecoderType[] = [...steps, ...types.filter((each) => each !== 'Sequence')];
      const chain = fields
        .list('decoders', mostSteps)
        .map((item, index) => readDecoder(fields.item('decoders', index, item), inner));
      return (pieces) => chain.reduce((made, step) => step(made), pieces);
    }
  }
}

/** Runs of pieces such as `<0xE4>` as the text that their bytes are, or U+FFFD for each where they are none. */
function bytesOfPieces(pieces: readonly string[]): string[] {
  const result: string[] = [];
  let bytes: number[] = [];
  const flush = (): void => {
    if (bytes.length === 0) return;
    try {
      result.push(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(bytes)));
    } catch {
      for (let left = bytes.length; left > 0; left--) result.push('\ufffd');
    }
    bytes = [];
  };
  for (const piece of pieces) {
    const byte = /^<0x([0-9A-Fa-f]{2})>$/.exec(piece)?.[1];
    if (byte !== undefined) {
      bytes.push(parseInt(byte, 16));
      continue;
    }
    flush();
    result.push(piece);
  }
  flush();
  return result;
}

/** A piece without up to `start` and `stop` of a character at its ends. */
function stripped(piece: string, character: string, start: number, stop: number): string {
  const characters = Array.from(piece);
  let from = 0;
  while (from < start && characters[from] === character) from++;
  let to = characters.length;
  while (characters.length - to < stop && to > 0 && characters[to - 1] === character) to--;
  return characters.slice(from, Math.max(from, to)).join('');
}
