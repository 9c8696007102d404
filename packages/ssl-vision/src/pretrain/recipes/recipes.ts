import { barlowTwins } from './barlow-twins.js';
import { byol } from './byol.js';
import { dino } from './dino.js';
import { dinov2 } from './dinov2.js';
import { ibot } from './ibot.js';
import { mae } from './mae.js';
import { mocoV3 } from './moco-v3.js';
import { moco } from './moco.js';
import { nnclr } from './nnclr.js';
import type { Recipe } from './recipe.js';
import { simclr } from './simclr.js';
import { simsiam } from './simsiam.js';
import { swav } from './swav.js';
import { vicreg } from './vicreg.js';

/** The methods of `pretrain`, by name. */
export const recipes = {
  simclr,
  moco,
  'moco-v3': mocoV3,
  nnclr,
  swav,
  byol,
  simsiam,
  'barlow-twins': barlowTwins,
  vicreg,
  dino,
  ibot,
  dinov2,
  mae,
};

/** Names of the methods. */
export type MethodName = keyof typeof recipes;

type ChoicesOf<R> = R extends Recipe<infer C> ? C : never;
/** What may be said of a method. */
export type MethodChoices = ChoicesOf<(typeof recipes)[MethodName]>;

/** Of one method, whichever. */
export const recipeOf = (method: MethodName): Recipe<object> => recipes[method];
