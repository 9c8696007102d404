import { InvalidOptionError } from '@selfsup/ssl-core';
import type { Dataset, ImageSample } from '@selfsup/ssl-data';
import { openPictures } from './load-encoder.js';
import type { PretrainOptions } from './pretrain-options.js';
import { type MethodName, recipeOf } from './recipes/recipes.js';

/** Pictures whose classes are looked at. */
const looks = 16;

/**
 * The pictures that a method is given: with classes where it learns from them.
 *
 * @throws InvalidOptionError where it does and there are none; what the data throws
 */
export async function openForMethod(data: PretrainOptions['data'], method: MethodName): Promise<Dataset<ImageSample>> {
  if (recipeOf(method).classes !== true) return openPictures('pretrain', data);
  const dataset = await openPictures('pretrain', data, 'folders');
  const looked = Math.min(looks, dataset.length);
  const labels: (number | undefined)[] = [];
  for (let look = 0; look < looked; look++)
    labels.push((await dataset.get(Math.floor((look * dataset.length) / looked))).label);
  const named = dataset.classes?.length ?? 0;
  if (labels.includes(undefined) || labels.every((label) => label! < 0) || named === 1)
    throw new InvalidOptionError(
      'pretrain',
      'data',
      `pictures of two or more classes with method '${method}'`,
      typeof data === 'string' ? data : named === 1 ? 'a data set of one class' : 'a data set without classes',
      "Give a folder with a folder per class or a data set with labels, or a method that learns without, such as 'simclr'",
    );
  return dataset;
}
