import { maeViews, type ModuleView, simclrViews, smallImageViews, type View } from '@selfsup/ssl-data';
import type { JsonValue } from '@selfsup/ssl-train';
import type { MethodName } from './pretrain-options.js';

/** Recipes of a run's views, and how they are written. */
export interface ChosenViews {
  readonly views: readonly (View | ModuleView)[];
  /** The call that makes them; nothing where they are the caller's. */
  readonly call?: { readonly name: keyof typeof presets; readonly options: JsonValue };
}

const presets = { simclrViews, smallImageViews, maeViews };

/** The caller's views, else those that fit the method and the pictures' channels. */
export function chooseViews(
  { method, channels, imageSize: size }: Readonly<{ method: MethodName; channels: number; imageSize: number }>,
  own: ChosenViews['views'] | undefined,
): ChosenViews {
  if (own !== undefined) return { views: own };
  const [name, options] =
    method === 'mae'
      ? (['maeViews', { size }] as const)
      : channels === 3
        ? (['simclrViews', { size, strength: 0.5 }] as const)
        : (['smallImageViews', { size }] as const);
  return { views: presets[name](options), call: { name, options } };
}

/** What views say of themselves, for a file. */
export const describeViews = (views: ChosenViews['views']): readonly JsonValue[] =>
  views.map((view) => {
    if (typeof view !== 'function')
      return plain({ module: String(view.module), exportName: view.exportName, options: view.options ?? null });
    return view.spec === undefined ? { kind: "a function of the caller's" } : plain(view.spec);
  });

const plain = (value: unknown): JsonValue => JSON.parse(JSON.stringify(value)) as JsonValue;
