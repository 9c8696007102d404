import { InvalidOptionError, type RandomKey } from '@selfsup/ssl-tensor/host';
import { DinoHead } from '../../heads/dino-head.js';

/** A head, or the key of one with the paper's sizes. */
export type DinoHeadChoice =
  | {
      /** What the loss sees. */
      readonly head: DinoHead;
    }
  | {
      /** Key of the default head: 2048 wide, 256 before the last layer, 65536 prototypes. */
      readonly key: RandomKey;
    };

/**
 * The head that was given, or the default one.
 *
 * @throws InvalidOptionError where there is neither, and for what is no head
 */
export function dinoHeadOf(where: string, inDim: number, options: DinoHeadChoice): DinoHead {
  const { head, key } = options as { readonly head?: DinoHead; readonly key?: RandomKey };
  if (head instanceof DinoHead) return head;
  const advice = 'Such as new DinoHead(backbone.featureDim, { outDim: 1024, key: randomKey(2) })';
  if (head !== undefined) throw new InvalidOptionError(where, 'head', 'a DinoHead', head, advice);
  if (key === undefined) throw new InvalidOptionError(where, 'key', 'given where there is no head', undefined);
  return new DinoHead(inDim, { key });
}
