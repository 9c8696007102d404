import { checkMemory, type MemoryNeed } from '@selfsup/ssl-core/files';
import type { Recipe } from './recipe-schema.js';
import type { TextRecipe } from './text-schema.js';
import type { VisionRecipe } from './vision-schema.js';

const float32 = 4;
/** A weight lies in memory with its gradient and two moments of AdamW. */
const weightBytes = 4 * float32;

/**
 * Refuses a recipe whose training cannot fit the machine. The estimate counts what is sure to be there at the same time,
 * so that it errs by too little: weights with their gradients and moments, a batch, and one layer's activations.
 *
 * @param memory bytes; default: those of the machine
 * @throws InvalidOptionError that names the key which takes most, with the figures
 */
export function checkRecipeMemory(recipe: Recipe, file: string, memory?: number): void {
  const needs = recipe.kind === 'text-mlm' ? textNeeds(recipe) : visionNeeds(recipe);
  checkMemory(file, 'the weights and a batch', needs, memory);
}

function textNeeds({ tokenizer, encoder, pretrain }: TextRecipe): readonly MemoryNeed[] {
  const { width, layers, heads, intermediate } = encoder;
  const tokens = pretrain.batchSize * tokenizer.length;
  return [
    { option: 'tokenizer.vocabulary', bytes: weightBytes * tokenizer.vocabulary * width },
    { option: 'tokenizer.length', bytes: weightBytes * tokenizer.length * width },
    { option: 'encoder.width', bytes: weightBytes * 4 * width * width * layers },
    { option: 'encoder.intermediate', bytes: weightBytes * 2 * width * intermediate * layers },
    // Batches may be padded to half the length; attention has a score for each pair of tokens and each head.
    {
      option: 'pretrain.batchSize',
      bytes: (float32 * tokens * (width + intermediate + (heads * tokenizer.length) / 2)) / 2,
    },
  ];
}

function visionNeeds({ data, pretrain, head }: VisionRecipe): readonly MemoryNeed[] {
  const pixels = data.source === 'folder' ? data.size ** 2 * data.channels : 1;
  return [
    {
      option: data.source === 'folder' ? 'data.size' : 'pretrain.batchSize',
      bytes: 2 * float32 * pretrain.batchSize * pixels,
    },
    { option: 'head.hidden', bytes: weightBytes * head.hidden * head.output },
  ];
}
