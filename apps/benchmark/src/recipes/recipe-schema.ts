import { z } from 'zod';
import { textSchema } from './text-schema.js';
import type { TextRecipe } from './text-schema.js';
import { visionSchema } from './vision-schema.js';
import type { VisionRecipe } from './vision-schema.js';

/** Every kind of recipe; a new kind adds its schema here and its pipeline in `stages/`. */
export const recipeSchema = z.discriminatedUnion('kind', [visionSchema, textSchema]);

/** A recipe with every default filled in. */
export type Recipe = VisionRecipe | TextRecipe;
