import { DataError } from '@selfsup/ssl-core';
import { formatBytes, imageFormat } from '../image/image-format.js';

/** Keys of records that describe the others, as `__len__`. */
export const metadataKey = /^__.*__$/s;

/**
 * What writers without the underscores call such records: CLIP's and text recognition's converters, torchvision-like
 * scripts. Each counts as one only where its value is no image.
 */
const ownRecord =
  /^(?:len|length|size|count|total|version|info|(?:num|n|number|nr)[-_ ]?(?:of[-_ ])?(?:samples?|images?|items?|entries|examples?|records?|data)|(?:data|dataset)[-_]?(?:len|length|size)|keys?|(?:all|image|img)[-_]?keys|names|(?:image|img)[-_]?(?:names|paths|list)|meta|meta[-_]?(?:data|info)|labels?|targets?|classes|class[-_](?:names|to[-_]idx)|idx[-_]to[-_]class|shapes?|config)$/i;

/** Keys that differ by their number alone are one family. More of them are names, and need no look. */
const maxFamilies = 16;
/** Values by which a family is known. */
const probes = 3;

export interface KeyedValues {
  readonly keys: readonly string[];
  /** The first bytes of a value; undefined when it cannot be read. */
  head(index: number): Promise<Uint8Array | undefined>;
  readonly path: string;
}

/**
 * Tells samples from records that describe them, for a database whose caller did not say which keys are samples.
 *
 * @param indices of the records that may be samples
 * @returns those that are, and those that are not
 * @throws DataError when keys of one form hold images and keys of another do not, with the prefix to pass
 */
export async function tellSamples(
  indices: readonly number[],
  values: KeyedValues,
): Promise<{ readonly samples: readonly number[]; readonly own: readonly number[] }> {
  const { keys } = values;
  const own = new Set<number>();
  for (const index of indices)
    if (ownRecord.test(keys[index]!) && (await isImage(index, values)) === false) own.add(index);
  const samples = indices.filter((index) => !own.has(index));
  await refuseMixture(samples, values);
  return { samples, own: [...own] };
}

async function refuseMixture(samples: readonly number[], values: KeyedValues): Promise<void> {
  const families = new Map<string, { count: number; first: number[] }>();
  for (const index of samples) {
    const prefix = prefixOf(values.keys[index]!);
    const family = families.get(prefix) ?? { count: 0, first: [] };
    families.set(prefix, family);
    if (families.size > maxFamilies) return;
    family.count++;
    if (family.first.length < probes) family.first.push(index);
  }
  if (families.size < 2) return;
  const withImages: string[] = [];
  const without: string[] = [];
  for (const [prefix, { count, first }] of families) {
    const found = await Promise.all(first.map((index) => isImage(index, values)));
    const text = `${count} ${prefix === '' ? 'others' : `'${prefix}...'`}`;
    if (found.includes(true)) withImages.push(prefix);
    else if (found.includes(false)) without.push(text);
  }
  if (withImages.length === 0 || without.length === 0) return;
  const choices = withImages.filter((prefix) => prefix !== '');
  throw new DataError(
    `holds records that are no images: ${without.join(', ')}; pass keyPrefix: ${choices.map((prefix) => `'${prefix}'`).join(' or ') || "a prefix of the images' keys"}, or '' for all records`,
    { path: values.path },
  );
}

/** A key without the number that it ends in, and the extension behind that. */
function prefixOf(key: string): string {
  return /^(.*?)\d+(?:\.[^./\d][^./]*)?$/s.exec(key)?.[1] ?? '';
}

/** Undefined where nothing is there to tell by. */
async function isImage(index: number, values: KeyedValues): Promise<boolean | undefined> {
  const head = await values.head(index);
  return head === undefined || head.length === 0 ? undefined : imageFormat(head.subarray(0, formatBytes)) !== undefined;
}
