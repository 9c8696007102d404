import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataError, InvalidOptionError } from '@selfsup/ssl-tensor/host';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { bertSpecialTokens } from './special-tokens.js';
import { wordPieceJson } from './word-piece-json.js';
import { WordPieceTokenizer } from './word-piece-tokenizer.js';

const golden = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../../test/golden/text/bert-config-fields.json'), 'utf8'),
) as { readonly tokenizer: Record<string, Record<string, unknown>> };
const vocabulary = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'été', 'Été', 'ete', '中', '中b', 'b', '<x>'];
const json = wordPieceJson(vocabulary, bertSpecialTokens, { lowercase: true });

let folder: string;
const folders: string[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ssl-tokenizer-'));
  folders.push(folder);
});
afterAll(() => folders.forEach((each) => rmSync(each, { recursive: true })));
const write = (name: string, content: unknown): void =>
  writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
const tokens = (tokenizer: WordPieceTokenizer, text: string): (string | undefined)[] =>
  tokenizer.encode(text, { addSpecialTokens: false }).map((id) => tokenizer.idToToken(id));

describe('WordPieceTokenizer.fromFolder', () => {
  it.each(Object.entries(golden.tokenizer))('takes what transformers %s writes', async (_, config) => {
    write('tokenizer.json', json);
    write('tokenizer_config.json', config);
    expect(tokens(await WordPieceTokenizer.fromFolder(folder), 'Été 中b')).toEqual(['ete', '中', 'b']);
  });

  it.each<[Record<string, unknown>, string[]]>([
    [{}, ['ete', '中', 'b']],
    [{ do_lower_case: false }, ['Été', '中', 'b']],
    [{ do_lower_case: true, strip_accents: false }, ['été', '中', 'b']],
    [{ do_lower_case: false, strip_accents: null, tokenize_chinese_chars: false }, ['Été', '中b']],
    [{ tokenize_chinese_chars: false }, ['ete', '中b']],
  ])('tokenizer_config.json %j changes the tokens', async (config, expected) => {
    write('tokenizer_config.json', config);
    write('tokenizer.json', json);
    expect(tokens(await WordPieceTokenizer.fromFolder(folder), 'Été 中b')).toEqual(expected);
    rmSync(join(folder, 'tokenizer.json'));
    write('vocab.txt', vocabulary.join('\n'));
    const fromVocabulary = await WordPieceTokenizer.fromFolder(folder);
    expect(tokens(fromVocabulary, 'Été 中b')).toEqual(expected);
    // What is saved by itself encodes the same.
    await fromVocabulary.save(join(folder, 'saved.json'));
    expect(tokens(await WordPieceTokenizer.fromFile(join(folder, 'saved.json')), 'Été 中b')).toEqual(expected);
  });

  it('names a token that comes twice in vocab.txt, with a way out that works', async () => {
    const lines = [...vocabulary, vocabulary[5]!, 'last'];
    write('vocab.txt', lines.join('\n'));
    const unused = `[unused${vocabulary.length}]`;
    await expect(WordPieceTokenizer.fromFolder(folder)).rejects.toThrow(
      `line ${vocabulary.length + 1} has the token '${vocabulary[5]}' again, as line 6; every line is one id, so put a token that is nowhere else in its place, such as ${unused}`,
    );
    write('vocab.txt', lines.map((token, id) => (id === vocabulary.length ? unused : token)).join('\n'));
    expect((await WordPieceTokenizer.fromFolder(folder)).tokenToId('last')).toBe(vocabulary.length + 1);
    write('vocab.txt', `${vocabulary.join('\n')}\n\n\n`);
    await expect(WordPieceTokenizer.fromFolder(folder)).rejects.toThrow('take blank lines away at the end of the file');
  });

  it('reads a vocabulary in the encoding that is said, and refuses another', async () => {
    writeFileSync(join(folder, 'vocab.txt'), Buffer.from(vocabulary.slice(0, 8).join('\r\n'), 'latin1'));
    await expect(WordPieceTokenizer.fromFolder(folder)).rejects.toThrow(/line 6 is not valid UTF-8: byte 0xe9/);
    const read = await WordPieceTokenizer.fromFolder(folder, { encoding: 'windows-1252' });
    expect(read.tokenToId('été')).toBe(5);
    await expect(WordPieceTokenizer.fromFolder(folder, { encoding: 'x' })).rejects.toThrow(InvalidOptionError);
  });

  it('takes names of special tokens and added tokens', async () => {
    write('vocab.txt', ['<pad>', '<unk>', '<s>', '</s>', '<mask>', 'b'].join('\n'));
    const names = { pad: '<pad>', unk: '<unk>', cls: '<s>', sep: '</s>', mask: '<mask>' };
    await expect(WordPieceTokenizer.fromFolder(folder)).rejects.toThrow(/lacks the special token '\[PAD\]'; pass/);
    const encoded = [2, 5, 4, 3];
    expect((await WordPieceTokenizer.fromFolder(folder, { specialTokens: names })).encode('b<mask>')).toEqual(encoded);
    write('tokenizer_config.json', {
      pad_token: '<pad>',
      unk_token: { content: '<unk>', __type: 'AddedToken' },
      cls_token: '<s>',
      sep_token: '</s>',
      mask_token: '<mask>',
      added_tokens_decoder: {
        4: { content: '<mask>', special: true, normalized: false, lstrip: false, rstrip: false, single_word: false },
        6: { content: '<y>', special: true, normalized: false, lstrip: false, rstrip: false, single_word: false },
      },
      additional_special_tokens: ['<y>'],
    });
    expect((await WordPieceTokenizer.fromFolder(folder)).encode('b<mask><y>')).toEqual([2, 5, 4, 6, 3]);
  });

  it.each<[Record<string, unknown>, RegExp]>([
    [{ never_split: ['b'] }, /'never_split' must be empty: write its words into 'added_tokens'/],
    [{ do_basic_tokenize: false }, /'do_basic_tokenize' must be true/],
    [{ tokenizer_class: 'BertJapaneseTokenizer' }, /'tokenizer_class' must be one of BertTokenizer.*'BertJapanese/],
    [{ do_lower_case: 'yes' }, /'do_lower_case' must be true or false, got 'yes'/],
    [{ strip_accents: 1 }, /'strip_accents' must be true or false, got 1/],
    [{ padding_side: 'left' }, /'padding_side' must be 'right'/],
    [{ split_special_tokens: true }, /'split_special_tokens' must be false/],
    [{ wordpieces_prefix: '@@' }, /'wordpieces_prefix' must be '##'/],
    [{ auto_map: {} }, /'auto_map' names code/],
    [{ mecab_kwargs: {} }, /'mecab_kwargs' is not known here/],
    [{ additional_special_tokens: ['<z>'] }, /has the added token '<z>', which is not among/],
    [{ added_tokens_decoder: { 3: { content: '<x>' } } }, /has the added token '<x>' with the id 3/],
    [{ pad_token: 3 }, /'pad_token' must be an object, got 3/],
  ])('refuses %j', async (config, message) => {
    write('tokenizer.json', json);
    write('tokenizer_config.json', config);
    const error = await WordPieceTokenizer.fromFolder(folder).catch((reason: unknown) => reason);
    expect(DataError.isInstance(error)).toBe(true);
    expect((error as Error).message).toMatch(message);
  });

  it('refuses a folder without tokeniser, and tokens that it would lose', async () => {
    await expect(WordPieceTokenizer.fromFolder(folder)).rejects.toThrow(/neither tokenizer.json nor vocab.txt/);
    write('vocab.txt', vocabulary.join('\n'));
    write('added_tokens.json', { '<y>': 12 });
    await expect(WordPieceTokenizer.fromFolder(folder)).rejects.toThrow(/added_tokens.json: holds tokens beside/);
    write('tokenizer_config.json', '{');
    await expect(WordPieceTokenizer.fromFolder(folder)).rejects.toThrow(/not valid JSON/);
  });
});
