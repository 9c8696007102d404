import { DataError, InvalidOptionError } from 'ssl-tensor/host';
import { callExport, type ModuleExport, moduleSpecifier } from '../io/import-export.js';
import { colorJitter } from './color-jitter.js';
import { compose } from './compose.js';
import { horizontalFlip, verticalFlip } from './flip.js';
import { gaussianBlur } from './gaussian-blur.js';
import { randomAffine } from './random-affine.js';
import { randomApply } from './random-apply.js';
import { randomGrayscale } from './random-grayscale.js';
import { randomResizedCrop } from './random-resized-crop.js';
import { resize } from './resize.js';
import { solarize } from './solarize.js';
import type { ModuleView, View, ViewSpec } from './view.js';

const makers: Readonly<Record<string, (options: never) => View>> = {
  colorJitter,
  gaussianBlur,
  horizontalFlip,
  randomAffine,
  randomGrayscale,
  randomResizedCrop,
  resize,
  solarize,
  verticalFlip,
  compose: (specs: readonly ViewSpec[]) => compose(...specs.map(builtInView)),
  randomApply: ({ view, p }: { view: ViewSpec; p: number }) => randomApply(builtInView(view), p),
};

function builtInView(spec: ViewSpec): View {
  const make = makers[spec.kind];
  if (make === undefined)
    throw new InvalidOptionError('view', 'kind', `one of ${Object.keys(makers).join(', ')}`, spec.kind);
  return make(spec.options as never);
}

/** Recipe of a view for another thread; `undefined` for a function of one's own. */
export function specOfView(view: View | ModuleView): ViewSpec | undefined {
  return typeof view === 'function' ? view.spec : moduleSpec(view);
}

function moduleSpec({ module, exportName, options }: ModuleView): ViewSpec {
  const described: ModuleExport = { module: moduleSpecifier(module), exportName, options };
  return { kind: 'module', options: described };
}

/** The views as functions; imports those that are described by a module. Throws {@link DataError} when one cannot be had. */
export async function resolveViews(views: readonly (View | ModuleView)[]): Promise<readonly View[]> {
  const resolved: View[] = [];
  for (const view of views) {
    resolved.push(typeof view === 'function' ? view : await viewFromSpec(moduleSpec(view)));
  }
  return resolved;
}

/** Makes a view from its recipe; throws {@link DataError} when its module does not deliver one. */
export async function viewFromSpec(spec: ViewSpec): Promise<View> {
  if (spec.kind !== 'module') return builtInView(spec);
  const described = spec.options as ModuleExport;
  const view = await callExport(described);
  if (typeof view !== 'function')
    throw new DataError(
      `'${described.exportName}' must return a view (a function of image and random stream), got ${typeof view}`,
      { path: described.module },
    );
  return view as View;
}
