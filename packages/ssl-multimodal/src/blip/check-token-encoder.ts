import type { TokenEncoder } from '@selfsup/ssl-nn';
import { InvalidOptionError } from '@selfsup/ssl-tensor/host';

/** @throws InvalidOptionError unless `image` is a module with `tokenDim` and `encode`, of `memoryDim` where that is given */
export function checkTokenEncoder(where: string, image: TokenEncoder, memoryDim?: number): void {
  const given = image as Partial<TokenEncoder> | null | undefined;
  const isEncoder =
    typeof given?.encode === 'function' && typeof given.namedParameters === 'function' && given.tokenDim! > 0;
  if (!isEncoder) {
    const advice = "Such as createBackbone('vit-tiny', { key: randomKey(1), ... }) of @selfsup/ssl-vision";
    throw new InvalidOptionError(where, 'image', 'a module with tokenDim and encode(images, ctx)', image, advice);
  }
  if (memoryDim !== undefined && given.tokenDim !== memoryDim)
    throw new InvalidOptionError(where, 'image', `tokens of the text model's memoryDim ${memoryDim}`, given.tokenDim);
}
