import { InvalidOptionError } from '@selfsup/ssl-core';
import { chooseArchitecture } from '../encoder-architecture.js';
import { type MethodName, recipeOf, recipes } from '../recipes/recipes.js';
import { adviseMethod, usualSettings } from './advise-method.js';
import { measured } from './measured.js';
import { measuredPictures } from './measured-method.js';
import type { MeasuredTable, MethodAdvice } from './method-advice.js';
import { checkTaskFacts, type TaskFacts } from './task-facts.js';

/** Methods for a task. */
export interface MethodChoice {
  /** The best first. */
  readonly ranked: readonly MethodAdvice[];
  /** Those that cannot be, and why. */
  readonly excluded: readonly { readonly method: MethodName; readonly why: string }[];
}

/**
 * Ranks the methods of `pretrain` for pictures, machine and purpose: by what `npm run bench:methods` has measured, and where
 * it has not, by what papers and arithmetic say; each reason says which.
 *
 * @throws InvalidOptionError for facts that cannot be, and for a backbone that no method trains at this size
 *
 * @example
 * const { ranked } = chooseMethod({ images: 5000, imageSize: 32, minutes: 30 });
 * await pretrain({ data: 'photos', out: 'runs/photos', ...ranked[0].options });
 */
export const chooseMethod = (facts: TaskFacts): MethodChoice =>
  rankMethods(facts, { rows: measured, sets: measuredPictures });

/** The same, by any table. */
export function rankMethods(facts: TaskFacts, table: MeasuredTable): MethodChoice {
  const given = checkTaskFacts(facts);
  const ranked: MethodAdvice[] = [];
  const excluded: { readonly method: MethodName; readonly why: string }[] = [];
  for (const method of Object.keys(recipes) as MethodName[]) {
    const why = whyNot(method, given);
    if (why === undefined) ranked.push(adviseMethod(method, given, table));
    else excluded.push({ method, why });
  }
  if (ranked.length === 0)
    throw new InvalidOptionError(
      'chooseMethod',
      'backbone',
      `one that some method trains on pictures of ${given.imageSize} pixels`,
      given.backbone,
      excluded[0]!.why,
    );
  return { ranked: ranked.sort((a, b) => b.score - a.score), excluded };
}

function whyNot(method: MethodName, facts: TaskFacts): string | undefined {
  const { images, labels = 0 } = facts;
  if (recipeOf(method).classes === true && labels < images)
    return `it learns from classes, and ${labels === 0 ? 'there are none' : 'not all pictures have one'}`;
  if (recipeOf(method).teacher === true) return 'it copies a teacher, which has to be given';
  try {
    const { backbone, imageSize, channels } = usualSettings(method, facts);
    chooseArchitecture(backbone, method, imageSize, channels);
    return undefined;
  } catch (error) {
    if (!InvalidOptionError.isInstance(error)) throw error;
    return error.message;
  }
}
