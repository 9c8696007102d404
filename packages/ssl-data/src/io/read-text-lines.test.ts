import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { DataError, InvalidOptionError } from '@selfsup/ssl-core';
import { afterAll, describe, expect, it } from 'vitest';
import { ImageFolderDataset } from '../dataset/image-folder-dataset.js';
import { ManifestDataset } from '../dataset/manifest-dataset.js';
import { TextLineDataset } from '../dataset/text-line-dataset.js';
import { invalidUtf8At } from './invalid-utf8.js';
import { readText } from './read-text.js';
import { readTextLines, type ReadTextLinesOptions } from './read-text-lines.js';

const folder = await mkdtemp(join(tmpdir(), 'text-lines-'));
afterAll(() => rm(folder, { recursive: true }));
const path = join(folder, 'text');
async function stored(bytes: string | Uint8Array): Promise<string> {
  await writeFile(path, bytes);
  return path;
}
async function linesOf(bytes: string | Uint8Array, options: ReadTextLinesOptions = {}): Promise<string[]> {
  const lines: string[] = [];
  await readTextLines(await stored(bytes), { keepBlank: true, ...options }, (text) => lines.push(text));
  return lines;
}
const utf16 = (text: string, big = false): Buffer => {
  const bytes = Buffer.from(text, 'utf16le');
  return big ? bytes.swap16() : bytes;
};
const failure = async (work: Promise<unknown>): Promise<Error> => {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof Error)) throw new TypeError('nothing was refused');
  return error;
};

describe('line ends', () => {
  it.each<[string, string, string[]]>([
    ['line feeds', 'a\nb\n', ['a', 'b']],
    ['no end of the last line', 'a\nb', ['a', 'b']],
    ['pairs', 'a\r\nb\r\n', ['a', 'b']],
    ['carriage returns', 'a\rb\r', ['a', 'b']],
    ['all of them', 'a\rb\nc\r\nd\r\re\n\nf\n\rg', ['a', 'b', 'c', 'd', '', 'e', '', 'f', '', 'g']],
    ['what ends lines elsewhere', 'a\vb\fc\u0085d\u2028e\u2029f\x1cg', ['a\vb\fc\u0085d\u2028e\u2029f\x1cg']],
    ['NUL', 'a\0b\nthe rest of the text', ['a\0b', 'the rest of the text']],
    ['a byte order mark, and one within', '\ufeffa\n\ufeffb', ['a', '\ufeffb']],
    ['a mark alone', '\ufeff', []],
    ['nothing', '', []],
  ])('%s', async (_, text, lines) => {
    expect(await linesOf(text)).toEqual(lines);
    expect(await linesOf(gzipSync(text))).toEqual(lines);
    const shown = lines.filter((line) => /[^\0- ]/.test(line));
    expect(await linesOf(text, { keepBlank: false })).toEqual(shown);
  });

  it('says where lines lie, with and without blank ones', async () => {
    const text = '\ufeff \r\n\r\nab\r\r\n\t\nc\n';
    for (const keepBlank of [true, false]) {
      const places: [string, number, number][] = [];
      await readTextLines(await stored(text), { keepBlank }, (line, place) =>
        places.push([line, place.line, place.offset]),
      );
      expect(places.filter(([line]) => line.trim() !== '')).toEqual([
        ['ab', 3, 8],
        ['c', 6, 15],
      ]);
    }
  });

  // 1 MiB is what one read gives.
  it.each([-3, -2, -1, 0, 1])('at the border of two chunks, %i', async (shift) => {
    for (const [end, between] of [
      ['\r\n', []],
      ['\r', []],
      ['\r\r\n', ['']],
      ['\n\n', ['']],
    ] as const) {
      const first = 'é'.repeat(1000) + 'x'.repeat(2 ** 20 - 2000 + shift - 1);
      const options = { maxLineBytes: 2 ** 21 };
      expect(await linesOf(`${first}${end}🦊b`, options)).toEqual([first, ...between, '🦊b']);
      const kept = await linesOf(`${first}${end}🦊b`, { ...options, keepBlank: false });
      expect(kept).toEqual([first, '🦊b']);
    }
  });

  it('bounds lines and texts', async () => {
    expect((await failure(linesOf(`ok\n${'é'.repeat(25)}`, { maxLineBytes: 49 }))).message).toMatch(
      /line 2 has 50 bytes, the limit is 49; raise maxLineBytes/,
    );
    expect(await linesOf('é'.repeat(25), { maxLineBytes: 50 })).toHaveLength(1);
    expect((await failure(linesOf('x'.repeat(50), { maxBytes: 49 }))).message).toMatch(/larger than 49 bytes/);
  });
});

describe('encodings', () => {
  const text = 'Größe\nnaïve\n';
  const lines = ['Größe', 'naïve'];

  it.each<[string, Uint8Array, RegExp, number]>([
    ['Latin-1', Buffer.from(text, 'latin1'), /line 1 is not valid UTF-8: byte 0xf6 at 2;/, 2],
    ['UTF-16 LE with its mark', utf16(`\ufeff${text}`), /begins with ff fe, the byte order mark of UTF-16LE;/, 0],
    ['UTF-16 BE with its mark', utf16(`\ufeff${text}`, true), /begins with fe ff, .* of UTF-16BE;/, 0],
    ['UTF-16 LE without', utf16('Groesse\nnaive\n'), /zero in every other byte/, 1],
    ['UTF-16 BE without', utf16('Groesse\nnaive\n', true), /zero in every other byte/, 0],
  ])('%s is refused, and read as the message advises', async (_, bytes, message, offset) => {
    for (const packed of [bytes, gzipSync(bytes)]) {
      const error = await failure(linesOf(packed));
      expect(DataError.isInstance(error) && error.offset).toBe(offset);
      expect(error.message).toMatch(message);
      const encoding = /encoding: '([^']+)'/.exec(error.message)![1]!;
      expect(
        (await linesOf(packed, { encoding })).map((line) => line.replace('oess', 'öß').replace('ai', 'aï')),
      ).toEqual(lines);
    }
  });

  it.each<[string, string, Uint8Array, string]>([
    ['utf-16le', 'its mark', utf16('\ufeffä🦊\n'), 'ä🦊'],
    ['utf-16', 'no mark', utf16('ä🦊\n'), 'ä🦊'],
    ['utf-16be', 'its mark', utf16('\ufeffä🦊\n', true), 'ä🦊'],
    ['latin1', 'the euro sign of windows-1252', Buffer.of(0x80, 0xe4, 0x92, 0x0a), '€ä’'],
    ['shift_jis', 'two-byte characters', Buffer.of(0x93, 0xfa, 0x96, 0x7b, 0x0a), '日本'],
    ['gb18030', 'four-byte characters', Buffer.of(0x81, 0x30, 0x81, 0x30, 0x0a), '\x80'],
    ['koi8-r', 'Cyrillic', Buffer.of(0xf2, 0xd5, 0xd3, 0x0a), 'Рус'],
    ['UTF8', 'another name', Buffer.from('ä\n'), 'ä'],
  ])('%s, %s', async (encoding, _, bytes, line) => {
    expect(await linesOf(bytes, { encoding })).toEqual([line]);
    expect(await readText(await stored(bytes), { encoding, maxBytes: 100 })).toBe(`${line}\n`);
  });

  it('decodes characters that lie across chunks', async () => {
    const line = '🦊日本'.repeat(50_000);
    for (const pad of ['', 'x', 'xy', 'xyz']) {
      const utf = utf16(`${pad}${line}\n`);
      const all = Buffer.concat([utf, utf, utf]);
      expect(await linesOf(all, { encoding: 'utf-16le' })).toEqual(Array(3).fill(pad + line));
    }
    const odd = Buffer.concat([Buffer.of(0x41), Buffer.alloc(2 ** 20, Buffer.of(0x93, 0xfa))]);
    expect(await linesOf(odd, { encoding: 'shift_jis', maxLineBytes: 2 ** 22 })).toEqual([`A${'日'.repeat(2 ** 19)}`]);
  });

  it.each<[string, Uint8Array, ReadTextLinesOptions, RegExp, number]>([
    ['UTF-32', Buffer.of(0xff, 0xfe, 0, 0, 0x41, 0, 0, 0), {}, /UTF-32LE; convert the file to UTF-8/, 0],
    ['a mark against the encoding', Buffer.from('\ufeffä'), { encoding: 'latin1' }, /UTF-8; leave encoding/, 0],
    ['the other order', utf16('\ufeffa', true), { encoding: 'utf-16le' }, /pass encoding: 'utf-16be'/, 0],
    ['half a surrogate', utf16('ab\ud800c'), { encoding: 'utf-16le' }, /not valid utf-16le: byte 7/, 7],
    ['half a character at the end', Buffer.of(0x41, 0x93), { encoding: 'shift_jis' }, /ends within a character/, 2],
    ['half a UTF-8 character at the end', Buffer.from('a\rb\r\n漢').subarray(0, 7), {}, /line 3 .* 0xe6 at 5/, 5],
    ['a surrogate in UTF-8', Buffer.of(0x61, 0x0a, 0xed, 0xa0, 0x80), {}, /line 2 .* 0xed at 2/, 2],
    ['an overlong form', Buffer.of(0xc0, 0xaf), {}, /line 1 .* 0xc0 at 0/, 0],
  ])('refuses %s', async (_, bytes, options, message, offset) => {
    const error = await failure(linesOf(bytes, options));
    expect(error.message).toMatch(message);
    expect(DataError.isInstance(error) && error.offset).toBe(offset);
  });

  it('counts the byte across chunks', async () => {
    const bytes = Buffer.alloc(3 * 2 ** 20, 'word\n');
    bytes[2 ** 20 + 7] = 0xff;
    const error = await failure(linesOf(bytes));
    expect(error.message).toMatch(/line 209717 is not valid UTF-8: byte 0xff at 1048583;/);
    const wide = utf16('word\n'.repeat(300_000));
    wide[2 ** 20 + 7] = 0xdc;
    expect((await failure(linesOf(wide, { encoding: 'utf-16le' }))).message).toMatch(/byte 1048583;/);
  });

  it('knows what is UTF-8 as the decoder does', () => {
    const bytes = fc.uint8Array({ maxLength: 12 });
    const near = fc.array(fc.constantFrom(0x41, 0x80, 0x8f, 0x9f, 0xa0, 0xbf, 0xc2, 0xe0, 0xed, 0xf0, 0xf4), {
      maxLength: 8,
    });
    fc.assert(
      fc.property(fc.oneof(bytes, near), (given) => {
        const decoder = new TextDecoder('utf-8', { fatal: true });
        const at = invalidUtf8At(Uint8Array.from(given));
        const valid = (part: readonly number[]): boolean => {
          try {
            decoder.decode(Uint8Array.from(part));
            return true;
          } catch {
            return false;
          }
        };
        const all = [...given];
        expect(at < 0).toBe(valid(all));
        expect(valid(all.slice(0, Math.max(0, at)))).toBe(true);
      }),
      { seed: 4, numRuns: 2000 },
    );
  });

  it('names the function in whose options the encoding is unknown', async () => {
    for (const [open, where] of [
      [(encoding: string) => TextLineDataset.open(path, { encoding }), 'TextLineDataset.open'],
      [(encoding: string) => ManifestDataset.open(path, { encoding, format: 'csv' }), 'ManifestDataset.open'],
      [(encoding: string) => ImageFolderDataset.fromList(path, { encoding }), 'ImageFolderDataset.fromList'],
    ] as const) {
      await stored('a');
      const error = await failure(open('utf-99'));
      expect(InvalidOptionError.isInstance(error)).toBe(true);
      expect(error.message).toMatch(new RegExp(`^${where}: encoding must be one that TextDecoder knows.*'utf-99'`));
    }
  });

  it('decodes tables, lists and JSONL when asked, and refuses them otherwise', async () => {
    const umlaut = Buffer.from('image,label\nä.png,Köln\n', 'latin1');
    expect((await failure(ManifestDataset.open(await stored(umlaut), { format: 'csv' }))).message).toMatch(
      /line 2 is not valid UTF-8: byte 0xe4 at 12;/,
    );
    const table = await ManifestDataset.open(path, { format: 'csv', encoding: 'latin1' });
    expect([table.classes, table.path(0)]).toEqual([['Köln'], join(folder, 'ä.png')]);
    const excel = await ManifestDataset.open(await stored(utf16('\ufeffimage\tlabel\r\nä.png\tKöln\r\n')), {
      format: 'tsv',
      encoding: 'utf-16le',
    });
    expect(excel.classes).toEqual(['Köln']);
    const list = await ImageFolderDataset.fromList(await stored(Buffer.from('ä.png\tKöln\n', 'latin1')), {
      encoding: 'windows-1252',
    });
    expect(list.path(0)).toBe(join(folder, 'ä.png'));
    const jsonl = await TextLineDataset.open(await stored(utf16('\ufeff{"t":"ä"}\n')), {
      field: 't',
      encoding: 'utf-16le',
    });
    expect(jsonl.get(0)).toBe('ä');
    // A replacement character that the file itself holds is text.
    const odd = await ManifestDataset.open(await stored('image\r\ufffd.png\r'), { format: 'csv' });
    expect(odd.path(0)).toBe(join(folder, '\ufffd.png'));
  });
});

describe('ten million empty lines', () => {
  it.each<[string, () => Promise<unknown>]>([
    ['text', () => TextLineDataset.open(path)],
    ['JSONL', () => TextLineDataset.open(path, { field: 'a' })],
    ['a list', () => ImageFolderDataset.fromList(path)],
    ['a JSONL manifest', () => ManifestDataset.open(path, { format: 'jsonl' })],
    ['a CSV manifest', () => ManifestDataset.open(path, { format: 'csv' })],
  ])('%s', async (_, open) => {
    for (const end of ['\n', '\r']) {
      await stored(Buffer.alloc(1e7, end));
      const before = process.cpuUsage();
      expect((await failure(open())).message).toMatch(/holds no lines|lists no images/);
      const { user, system } = process.cpuUsage(before);
      expect((user + system) / 1e6).toBeLessThan(2);
    }
    await stored('');
  });
});
