import { extname } from 'node:path';
import { checkOptions, DataError, InvalidOptionError, type OptionNames, suggestion } from '@selfsup/ssl-core';
import { refuseStandIn } from '../io/stand-in.js';
import { lookAt, type SourcePlace } from './source-place.js';
import type { ImageSource, OpenedSource, OpenSourceOptions } from './source-recogniser.js';
import { sourceRecognisers } from './source-recognisers.js';

const openSourceOptionNames: OptionNames<OpenSourceOptions & { readonly content?: 'images' }> = {
  kind: 'optional',
  split: 'optional',
  labels: 'optional',
  labelFile: 'optional',
  recognise: 'optional',
  encoding: 'optional',
  options: 'optional',
  decoding: 'optional',
  cache: 'optional',
  http: 'optional',
  classes: 'optional',
  allowEmpty: 'optionalFlag',
  content: 'optional',
};

/**
 * Opens whatever lies at a path or URL, by what it looks like.
 *
 * Only names and first bytes are looked at; a place that looks like nothing, or like two things, is refused with what is
 * understood. `kind` says what it is where that is not enough.
 *
 * ```ts
 * const { dataset } = await openSource('photos', { content: 'images' });
 * const loader = new DataLoader({ dataset, views: simclrViews(), batchSize: 256 });
 * ```
 *
 * @param source path, pattern with braces, or URL
 * @param options `content: 'images'` refuses volumes, so that the type of the samples is known
 * @returns the data set, its kind and its classes
 * @throws InvalidOptionError; DataError where nothing is there, nothing is recognised, or the data are damaged
 */
export function openSource(
  source: string,
  options: OpenSourceOptions & { readonly content: 'images' },
): Promise<ImageSource>;
export function openSource(source: string, options?: OpenSourceOptions): Promise<OpenedSource>;
export async function openSource(
  source: string,
  options: OpenSourceOptions & { readonly content?: 'images' } = {},
): Promise<OpenedSource> {
  const { kind, content } = checkOptions('openSource', options, openSourceOptionNames);
  const kinds = sourceRecognisers.map((recogniser) => recogniser.kind);
  if (kind !== undefined && !kinds.includes(kind))
    throw new InvalidOptionError('openSource', 'kind', `one of ${kinds.join(', ')}`, kind);
  if (typeof source !== 'string' || source === '')
    throw new InvalidOptionError('openSource', 'source', 'a path, a pattern or a URL', source);
  const place = await lookAt(source);
  if (place.form === 'file') refuseStandIn(place.head, place.location);
  const found = sourceRecognisers.filter((recogniser) =>
    kind === undefined ? recogniser.recognises(place) : recogniser.kind === kind,
  );
  const [recogniser] = found;
  if (recogniser === undefined) throw unknownSource(place);
  if (found.length > 1)
    throw new DataError(
      `looks like ${found.map((each) => each.kind).join(' and like ')}; say which by kind, or move the other files away`,
      { path: place.location },
    );
  const unknown = Object.keys(options.options ?? {}).find((name) => !recogniser.options.includes(name));
  if (unknown !== undefined)
    throw new InvalidOptionError(
      'openSource',
      'options',
      `of ${recogniser.kind}: ${recogniser.options.join(', ') || 'none'}${suggestion(unknown, recogniser.options)}`,
      unknown,
    );
  const opened = await recogniser.open(place, options);
  if (content !== undefined && opened.content !== content)
    throw new DataError(`holds ${opened.content}, and ${content} are asked for`, { path: place.location });
  return opened;
}

function unknownSource({ location, form, files }: SourcePlace): DataError {
  const extensions = [...new Set(files.map((file) => extname(file).toLowerCase()))].filter((name) => name !== '');
  const holds =
    form !== 'folder'
      ? `is no ${form} that is understood`
      : files.length === 0
        ? 'holds no files'
        : `holds nothing that is understood, but ${extensions.slice(0, 8).join(' ') || 'files without extension'}`;
  const known = sourceRecognisers.map(({ kind, description }) => `${kind} (${description})`);
  return new DataError(`${holds}; understood are ${known.join('; ')}. Say which by kind if it is one of them`, {
    path: location,
  });
}
