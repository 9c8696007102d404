import { InvalidOptionError, type OptionNames } from '@selfsup/ssl-tensor/host';
import { readTexts, type ReadTextsOptions } from '@selfsup/ssl-data/text';
import { checkPath } from '@selfsup/ssl-core/files';

/**
 * Texts to learn from: a folder or file; an http: or https: address of a file, or an array of addresses; an array of texts; or
 * a function that begins the texts anew each time it is called.
 */
export type TextData =
  | string
  | URL
  | readonly string[]
  | readonly URL[]
  | (() => Iterable<string> | AsyncIterable<string>);

/** How files are read; see `readTexts`. */
export type TextFileOptions = Pick<ReadTextsOptions, 'unit' | 'field' | 'encoding' | 'http'>;

export const textFileOptionNames: OptionNames<TextFileOptions> = {
  unit: 'optional',
  field: 'optional',
  encoding: 'optional',
  http: 'optional',
};

/** Texts that can be read again and again. */
export interface TextSource {
  /** Reads all of them in order. Blank ones are passed over. Returns what was left out, in words. */
  read(onText: (text: string) => void): Promise<string | undefined>;
}

/** @throws InvalidOptionError for what gives no texts */
export function textSource(where: string, data: TextData, files: TextFileOptions): TextSource {
  const places = placesOf(data);
  if (places !== undefined) {
    if (typeof data === 'string') checkPath(where, 'data', data);
    return {
      read: async (onText) => {
        const { leftOut } = await readTexts(places, { ...files, where, option: 'data' }, (text) => onText(text));
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
      'a folder or file of texts, its address, an array of texts, or a function that gives an iterable of texts',
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

/** Where files lie, if that is what was given: an array of addresses alone is no corpus. */
function placesOf(data: TextData): string | URL | readonly (string | URL)[] | undefined {
  if (typeof data === 'string' || data instanceof URL) return data;
  if (!Array.isArray(data) || data.length === 0) return undefined;
  const list = data as readonly unknown[];
  const isAddress = (item: unknown): boolean =>
    item instanceof URL || (typeof item === 'string' && /^https?:\/\/\S+$/i.test(item));
  return list.every(isAddress) ? (list as readonly (string | URL)[]) : undefined;
}
