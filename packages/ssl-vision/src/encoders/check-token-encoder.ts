import type { Encoder, TokenEncoder } from '@selfsup/ssl-nn';
import { InvalidOptionError } from '@selfsup/ssl-tensor/host';
import { VisionTransformer } from './vision-transformer/vision-transformer.js';

/** What a method wants of a vision transformer beside its tokens. */
export interface TokensWanted {
  /** A token in place of masked patches. */
  readonly maskToken?: true;
  /** No tokens but the class token and the patches. */
  readonly registers?: 0;
}

const transformer = (rest: string): string =>
  `new VisionTransformer({ key: randomKey(1), imageSize: 32, patchSize: 4, dim: 192, depth: 6, heads: 3${rest} })`;

/** @throws InvalidOptionError unless `backbone` is a {@link VisionTransformer} with what is wanted of it */
export function checkVisionTransformer(where: string, backbone: unknown, wanted: TokensWanted = {}): void {
  const isOne = backbone instanceof VisionTransformer;
  const lacksMask = wanted.maskToken === true && !(isOne && backbone.maskToken !== undefined);
  const hasRegisters = wanted.registers === 0 && isOne && backbone.registerTokens !== undefined;
  if (isOne && !lacksMask && !hasRegisters) return;
  const form = `${wanted.maskToken === true ? ' built with maskToken: true' : ''}${wanted.registers === 0 ? ' without registers' : ''}`;
  const advice = `Such as ${transformer(wanted.maskToken === true ? ', maskToken: true' : '')}`;
  throw new InvalidOptionError(where, 'backbone', `a VisionTransformer${form}`, backbone, advice);
}

/** @throws InvalidOptionError unless `backbone` gives features and tokens, also of masked patches */
export function checkMaskedEncoder(where: string, backbone: unknown): void {
  const given = backbone as Partial<Encoder & TokenEncoder> | null;
  const hasMask = !(backbone instanceof VisionTransformer) || backbone.maskToken !== undefined;
  const isModule = typeof given?.namedParameters === 'function' && given.featureDim! > 0;
  if (isModule && typeof given.encode === 'function' && given.tokenDim! > 0 && hasMask) return;
  const advice = `Such as ${transformer(', maskToken: true')}`;
  throw new InvalidOptionError(where, 'backbone', 'an encoder of tokens with a mask token', backbone, advice);
}
