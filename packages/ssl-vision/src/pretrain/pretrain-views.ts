import type { JsonValue } from '@selfsup/ssl-train';
import type { BackboneName } from '../encoders/registry.js';
import { patchSizeOf } from './encoder-architecture.js';
import type { ChosenViews } from './recipes/recipe.js';
import { type MethodName, recipeOf } from './recipes/recipes.js';

/** What a run's views are chosen by. */
interface ViewedRun {
  readonly method: MethodName;
  readonly backbone: BackboneName;
  readonly channels: number;
  readonly imageSize: number;
}

/** The caller's views, else those that fit the method and the pictures' channels. */
export const chooseViews = (
  { method, backbone, channels, imageSize }: ViewedRun,
  own: ChosenViews['views'] | undefined,
): ChosenViews =>
  own === undefined
    ? recipeOf(method).views({ channels, imageSize, patchSize: patchSizeOf(backbone, imageSize) })
    : { views: own };

/** What views say of themselves, for a file. */
export const describeViews = (views: ChosenViews['views']): readonly JsonValue[] =>
  views.map((view) => {
    if (typeof view !== 'function')
      return plain({ module: String(view.module), exportName: view.exportName, options: view.options ?? null });
    return view.spec === undefined ? { kind: "a function of the caller's" } : plain(view.spec);
  });

const plain = (value: unknown): JsonValue => JSON.parse(JSON.stringify(value)) as JsonValue;
