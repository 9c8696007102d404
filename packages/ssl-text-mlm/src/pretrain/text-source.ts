import { InvalidOptionError, type OptionNames } from '@selfsup/ssl-tensor/host';
import { readTexts, type ReadTextsOptions } from '@selfsup/ssl-data/text';
import { checkPath } from '@selfsup/ssl-core/files';

/** Texts to learn from: a folder or file, an array, or a function that begins them anew each time it is called. */
export type TextData = string | readonly string[] | (() => Iterable<string> | AsyncIterable<string>);

/** How files are read; see `readTexts`. */
export type TextFileOptions = Pick<ReadTextsOptions, 'unit' | 'field' | 'encoding'>;

export const textFileOptionNames: OptionNames<TextFileOptions> = {
  unit: 'optional',
  field: 'optional',
  encoding: 'optional',
};

/** Texts that can be read again and again. */
export interface TextSource {
  /** Reads all of them in order. Blank ones are passed over. Returns what was left out, in words. */
  read(onText: (text: string) => void): Promise<string | undefined>;
}

/** @throws InvalidOptionError for what gives no texts */
export function textSource(where: string, data: TextData, files: TextFileOptions): TextSource {
  if (typeof data === 'string') {
    checkPath(where, 'data', data);
    return {
      read: async (onText) => {
        const { leftOut } = await readTexts(data, files, (text) => onText(text));
        return leftOut.length === 0 ? undefined : leftOut.map(({ kind, count }) => `${count} ${kind}`).join(', ');
      },
    };
  }
  for (const [name, value] of Object.entries(files))
    throw new InvalidOptionError(where, name, 'left out where data is no path', value);
  const isArray = Array.isArray(data);
  if (!isArray && typeof data !== 'function') {
    const advice =
      typeof (data as Partial<AsyncIterable<string>> | null | undefined)?.[Symbol.asyncIterator] === 'function'
        ? 'Texts are read more than once: pass the function that makes this iterable, data: () => texts()'
        : undefined;
    throw new InvalidOptionError(
      where,
      'data',
      'a folder or file of texts, an array of texts, or a function that gives an iterable of texts',
      data,
      advice,
    );
  }
  return {
    read: async (onText) => {
      const texts: unknown = isArray ? data : await (data as () => unknown)();
      const given = texts as Partial<Iterable<string> & AsyncIterable<string>> | null | undefined;
      const isTexts = typeof (given?.[Symbol.asyncIterator] ?? given?.[Symbol.iterator]) === 'function';
      if (!isTexts || typeof texts === 'string')
        throw new InvalidOptionError(where, 'data', 'a function that gives an iterable of texts', texts);
      let index = 0;
      for await (const text of texts as AsyncIterable<unknown>) {
        if (typeof text !== 'string') throw new InvalidOptionError(where, `data[${index}]`, 'a text', text);
        index++;
        // As readTexts does with files.
        if (/[^\0- ]/.test(text)) onText(text);
      }
      return undefined;
    },
  };
}
