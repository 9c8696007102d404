import { checkChoice } from './check-choice.js';
import { LayerNorm } from './layer-norm.js';
import { RmsNorm } from './rms-norm.js';

/** Which normalisation a transformer uses. */
export type NormKind = 'layer' | 'rms';

/** @throws InvalidOptionError when `kind` is none of {@link NormKind} */
export function createNorm(
  where: string,
  option: string,
  kind: NormKind,
  dim: number,
  epsilon: number,
): LayerNorm | RmsNorm {
  checkChoice(where, option, ['layer', 'rms'], kind);
  return kind === 'rms' ? new RmsNorm(dim, { epsilon }) : new LayerNorm(dim, { epsilon });
}
