import { join } from 'node:path';
import { DataError, InvalidOptionError } from '@selfsup/ssl-core';
import { checkPath, isFolder } from '@selfsup/ssl-core/files';
import { isUrl, nameOfPlace } from '../io/text-file.js';
import { type LeftOut, LeftOutCounter, leftOutText } from './left-out.js';
import { listFiles } from './list-files.js';
import { type StringTable, stringAt } from './string-table.js';

/** Files of texts, in the order in which they are read. */
export interface TextPlaces {
  readonly files: number;
  /** Name of the first place that was given, and whether it is the only one and a file. */
  readonly name: string;
  readonly isFile: boolean;
  /** Path or address of a file, by its number. */
  at(index: number): string;
  readonly leftOut: readonly LeftOut[];
}

/** One place of those that were given: a file by itself, or the files of a folder. */
interface Place {
  readonly path: string;
  readonly found: StringTable | undefined;
}

const textFiles = /\.(?:(?:txt|jsonl|ndjson)(?:\.(?:gz|zst|zstd))?|parquet)$/i;
const jsonLines = /\.(?:jsonl|ndjson)(?:\.(?:gz|zst|zstd))?$/i;
const parquet = /\.parquet$/i;
/** Of a file that is named by itself, these hold text in a form that lines would spoil. */
const otherForms = /\.(?:json|csv|tsv|parquet|pdf|docx?|html?|xml|zip|tar|tgz|bz2|xz)(?:\.(?:gz|zst|zstd))?$/i;

/** How the texts of a file lie in it, by its name. */
export function textForm(location: string): 'parquet' | 'json-lines' | 'lines' {
  const name = nameOfPlace(location);
  return parquet.test(name) ? 'parquet' : jsonLines.test(name) ? 'json-lines' : 'lines';
}

/**
 * Finds the files of texts.
 *
 * @param given a folder, a file, an http: or https: address, or a list of such
 * @throws InvalidOptionError for what is no place; DataError for a folder without files of texts, and a file of another form
 */
export async function textPlaces(where: string, option: string, given: unknown): Promise<TextPlaces> {
  const list: readonly unknown[] = Array.isArray(given) ? given : [given];
  if (list.length === 0) throw new InvalidOptionError(where, option, 'at least one path or address', '[]');
  const leftOut = new LeftOutCounter();
  const places: Place[] = [];
  for (const [index, place] of list.entries()) {
    const path = location(where, list === given ? `${option}[${index}]` : option, place);
    if (isUrl(path) || !(await isFolder(path))) {
      checkForm(path);
      places.push({ path, found: undefined });
      continue;
    }
    const { paths, leftOut: others } = await listFiles(path, { wanted: textFiles });
    if (paths.lengths.length === 0) {
      const names = others.length === 0 ? '' : ` (such as ${others[0]!.names[0]!})`;
      const found = others.length === 0 ? '' : `, and found ${leftOutText(others)}${names}`;
      throw new DataError(
        `holds no files of texts; looked for .txt .jsonl .ndjson, also compressed, and .parquet, here and in sub-folders${found}`,
        { path },
      );
    }
    for (const { kind, count, names } of others) leftOut.addAll(kind, count, names);
    places.push({ path, found: paths });
  }
  const starts = [0];
  for (const { found } of places) starts.push(starts.at(-1)! + (found?.lengths.length ?? 1));
  return {
    files: starts.at(-1)!,
    name: nameOfPlace(places[0]!.path),
    isFile: places.length === 1 && places[0]!.found === undefined,
    at: (index) => {
      const own = starts.findLastIndex((start) => start <= index);
      const { path, found } = places[own]!;
      return found === undefined ? path : join(path, stringAt(found, index - starts[own]!));
    },
    leftOut: leftOut.finish(),
  };
}

function location(where: string, option: string, place: unknown): string {
  const text = place instanceof URL ? place.href : place;
  const scheme = typeof text === 'string' ? /^([a-z][a-z\d+.-]+):\/\//i.exec(text)?.[1] : undefined;
  if (scheme === undefined) checkPath(where, option, text);
  else if (!isUrl(text as string)) {
    const advice =
      scheme.toLowerCase() === 'file'
        ? 'Of a file: URL the path is fileURLToPath(url) of node:url'
        : 'Fetch the files first, or give an address that a browser opens';
    throw new InvalidOptionError(where, option, 'a path, or an http: or https: address', text, advice);
  } else {
    const { username, password } = new URL(text as string);
    const advice = "Pass http: { headers: { authorization: 'Basic ...' } } in its place";
    // Not in the message: it would be in logs.
    if (username !== '' || password !== '')
      throw new InvalidOptionError(where, option, 'an address without a name and password', 'one with them', advice);
  }
  return text as string;
}

function checkForm(path: string): void {
  const name = nameOfPlace(path);
  if (parquet.test(name) || !otherForms.test(name)) return;
  throw new DataError(
    'is no file of texts by its ending; write .txt, one text a line, or .jsonl or .parquet, one object or row each',
    { path: name },
  );
}
