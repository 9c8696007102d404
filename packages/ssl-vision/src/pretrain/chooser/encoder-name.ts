import type { EncoderArchitecture } from '../architecture.js';

/** How rows of `npm run bench:methods` begin that have this architecture; what follows is where features are taken. */
export function encoderName({ builder, options }: EncoderArchitecture): string {
  if (builder === 'SmallConvEncoder') return 'small-conv';
  if (builder !== 'VisionTransformer') return builder;
  const { depth, dim, patchSize } = options as Readonly<Record<string, number>>;
  return `ViT ${depth} x ${dim}, patches of ${patchSize}`;
}
