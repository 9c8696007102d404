import type { Encoder } from '@selfsup/ssl-nn';
import { InvalidOptionError } from '@selfsup/ssl-tensor/host';

/**
 * @param option what it is called there
 * @throws InvalidOptionError unless `encoder` is a module with `featureDim` and `forward`
 */
export function checkEncoder(where: string, encoder: Encoder, option = 'backbone'): void {
  const given = encoder as Partial<Encoder> | null;
  if (typeof given?.forward === 'function' && typeof given.namedParameters === 'function' && given.featureDim! > 0)
    return;
  const advice =
    typeof encoder === 'function'
      ? 'Make one: resnet18({ key: randomKey(1) })'
      : 'A backbone is a Module with featureDim and forward(images, ctx), such as resnet18({ key: randomKey(1) })';
  throw new InvalidOptionError(where, option, 'a backbone', encoder, advice);
}
