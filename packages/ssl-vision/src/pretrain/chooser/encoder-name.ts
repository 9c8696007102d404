import type { EncoderArchitecture } from '../architecture.js';

/** How rows of `npm run bench:methods` begin that have this architecture; what follows is where features are taken. */
export function encoderName({ builder, options }: EncoderArchitecture): string {
  if (builder === 'SmallConvEncoder') return 'small-conv';
  if (builder !== 'VisionTransformer') return builder;
  return `ViT ${String(options['depth'])} x ${String(options['dim'])}, patches of ${String(options['patchSize'])}`;
}
