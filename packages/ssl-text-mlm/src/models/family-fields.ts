import { type RequiredConfigField, requiredConfigFields } from '../bert/bert-config-fields.js';

/** The fields that every family of BERT's shape has in common, with a `model_type` of its own. */
export function familyFields(
  modelType: string,
  title: string,
  changes: Readonly<Record<string, RequiredConfigField>> = {},
): ReadonlyMap<string, RequiredConfigField> {
  return new Map([
    ...requiredConfigFields,
    ['model_type', { accepted: [JSON.stringify(modelType)], advice: `use the weights of ${title}` }],
    ...Object.entries(changes),
  ]);
}
