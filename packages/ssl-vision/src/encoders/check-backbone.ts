import { InvalidOptionError } from '@selfsup/ssl-tensor/host';
import type { Backbone } from './backbone.js';

/** @throws InvalidOptionError unless `backbone` is a module with `featureDim` and `forward` */
export function checkBackbone(where: string, backbone: Backbone): void {
  const given = backbone as Partial<Backbone> | null;
  if (typeof given?.forward === 'function' && typeof given.namedParameters === 'function' && given.featureDim! > 0)
    return;
  const advice =
    typeof backbone === 'function'
      ? 'Make one: resnet18({ key: randomKey(1) })'
      : 'A backbone is a Module with featureDim and forward(images, ctx), such as resnet18({ key: randomKey(1) })';
  throw new InvalidOptionError(where, 'backbone', 'a backbone', backbone, advice);
}
