import { InvalidOptionError } from '@selfsup/ssl-core';
import type { VisionRecipe } from '../../recipes/vision-schema.js';
import { whole } from '../../report/numbers.js';
import { openFolders } from './open-folders.js';
import { loadVisionData } from './vision-data.js';

/** How many images a recipe has. */
export interface ImageCounts {
  readonly pretrain: number;
  readonly train: number;
  readonly test: number;
  /** The class with the fewest training images. */
  readonly smallest: { readonly name: string; readonly images: number };
}

/** A recipe that asks no more of its data than they have. */
export interface FittedRecipe {
  readonly recipe: VisionRecipe;
  readonly counts: ImageCounts;
  /** What was made smaller, a sentence each. */
  readonly notes: readonly string[];
}

/**
 * Counts the images of a recipe, and lowers what it asks for to what there is: the sets that kNN compares, its
 * neighbours, the pictures that the report shows, and numbers of labels per class.
 *
 * @throws InvalidOptionError where nothing is left of what it asks for; DataError for data that cannot be read
 */
export async function fitRecipe(recipe: VisionRecipe): Promise<FittedRecipe> {
  const counts = await countImages(recipe);
  const { pretrain, knn, linear, fineTune, scratch, report } = recipe;
  if (pretrain.batchSize > counts.pretrain)
    throw new InvalidOptionError(
      'recipe',
      'pretrain.batchSize',
      `at most ${counts.pretrain}, the images to pretrain on`,
      pretrain.batchSize,
    );
  const notes: string[] = [];
  const { name, images } = counts.smallest;
  const fewer = (option: string, asked: readonly number[]): number[] => {
    const given = asked.filter((count) => count <= images);
    if (given.length === 0)
      throw new InvalidOptionError(
        'recipe',
        `${option}.labelsPerClass`,
        `numbers of at most ${images}, the training images of class '${name}'`,
        asked.join(', '),
      );
    const left = asked.filter((count) => count > images);
    if (left.length > 0)
      notes.push(
        `${option}.labelsPerClass: ${left.map(whole).join(', ')} left out, since class '${name}' has ${images} training images.`,
      );
    return given;
  };
  return {
    counts,
    notes,
    recipe: {
      ...recipe,
      knn: {
        ...knn,
        k: Math.min(knn.k, counts.train),
        along: {
          reference: Math.min(knn.along.reference, counts.train),
          test: Math.min(knn.along.test, counts.test),
        },
      },
      linear: { ...linear, labelsPerClass: fewer('linear', linear.labelsPerClass) },
      fineTune: { ...fineTune, labelsPerClass: fewer('fineTune', fineTune.labelsPerClass) },
      scratch: { ...scratch, labelsPerClass: fewer('scratch', scratch.labelsPerClass) },
      report: {
        mapPoints: Math.min(report.mapPoints, counts.test),
        queries: Math.min(report.queries, counts.test),
        neighbours: Math.min(report.neighbours, counts.train),
      },
    },
  };
}

async function countImages(recipe: VisionRecipe): Promise<ImageCounts> {
  const { data, seed } = recipe;
  if (data.source !== 'folder') {
    const { pretrain, train, test, classes } = await loadVisionData(recipe);
    return {
      pretrain: pretrain.length,
      train: train.labels.length,
      test: test.labels.length,
      smallest: smallest(train.labels, classes),
    };
  }
  const { train, test } = await openFolders(data, seed);
  return {
    pretrain: Math.min(data.pretrainImages ?? train.rows.length, train.rows.length),
    train: train.rows.length,
    test: test.rows.length,
    smallest: smallest(
      train.rows.map((row) => train.dataset.labels![row]!),
      train.dataset.classes!,
    ),
  };
}

function smallest(labels: Int32Array, classes: readonly string[]): ImageCounts['smallest'] {
  const images = new Int32Array(classes.length);
  for (const label of labels) if (label >= 0) images[label]!++;
  const least = images.indexOf(Math.min(...images.filter((count) => count > 0)));
  return { name: classes[least]!, images: images[least]! };
}
