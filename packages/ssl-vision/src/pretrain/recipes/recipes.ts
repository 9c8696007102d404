import { amdim } from './amdim.js';
import { autoencoder, denoisingAutoencoder } from './autoencoder.js';
import { barlowTwins } from './barlow-twins.js';
import { byol } from './byol.js';
import { capi } from './capi.js';
import { dcl, dclw } from './dcl.js';
import { densecl } from './densecl.js';
import { dino } from './dino.js';
import { distillation } from './distillation.js';
import { dinov2 } from './dinov2.js';
import { fastsiam } from './fastsiam.js';
import { frossl } from './frossl.js';
import { ibot } from './ibot.js';
import { ijepa } from './ijepa.js';
import { lejepa } from './lejepa.js';
import { mae } from './mae.js';
import { mmcr } from './mmcr.js';
import { mocoV3 } from './moco-v3.js';
import { moco } from './moco.js';
import { msn, pmsn } from './msn.js';
import { nnclr } from './nnclr.js';
import type { Recipe } from './recipe.js';
import { simclr } from './simclr.js';
import { simclrV2 } from './simclr-v2.js';
import { simmim } from './simmim.js';
import { simsiam } from './simsiam.js';
import { smog } from './smog.js';
import { supcon } from './supcon.js';
import { swav } from './swav.js';
import { tico } from './tico.js';
import { vicreg } from './vicreg.js';
import { vicregl } from './vicregl.js';
import { visreg } from './visreg.js';
import { wMse } from './w-mse.js';

/** The methods of `pretrain`, by name. */
export const recipes = {
  simclr,
  'simclr-v2': simclrV2,
  dcl,
  dclw,
  supcon,
  moco,
  'moco-v3': mocoV3,
  densecl,
  amdim,
  nnclr,
  swav,
  smog,
  byol,
  simsiam,
  fastsiam,
  'barlow-twins': barlowTwins,
  vicreg,
  vicregl,
  tico,
  'w-mse': wMse,
  mmcr,
  frossl,
  lejepa,
  visreg,
  dino,
  ibot,
  dinov2,
  msn,
  pmsn,
  mae,
  simmim,
  ijepa,
  capi,
  autoencoder,
  'denoising-autoencoder': denoisingAutoencoder,
  distillation,
};

/** Names of the methods. */
export type MethodName = keyof typeof recipes;

type ChoicesOf<R> = R extends Recipe<infer C> ? C : never;
/** What may be said of a method. */
export type MethodChoices = ChoicesOf<(typeof recipes)[MethodName]>;

/** Of one method, whichever. */
export const recipeOf = (method: MethodName): Recipe<object> => recipes[method];
