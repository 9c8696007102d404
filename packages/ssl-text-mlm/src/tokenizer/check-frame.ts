import type { JsonFields } from './json-fields.js';
import type { SpecialTokens } from './special-tokens.js';

const types = ['TemplateProcessing', 'BertProcessing', 'RobertaProcessing'] as const;
const advice =
  'remove the field to have [CLS] and [SEP] by name, or encode with addSpecialTokens: false and add your own';

/**
 * Checks that the `post_processor` of a `tokenizer.json` puts the same tokens around a text as `encode` does.
 *
 * @throws DataError where it is not known, or puts others
 */
export function checkFrame(fields: JsonFields, { cls, sep }: SpecialTokens): void {
  const type = fields.oneOf('type', types);
  if (type === 'TemplateProcessing') {
    const frame = fields.list('single', 64).map((item, index) => templatePart(fields.item('single', index, item)));
    // The pair is for two texts, which are not encoded here.
    fields.list('pair', 64);
    fields.value('special_tokens');
    if (frame.join(' ') !== [cls, '$A', sep].join(' '))
      throw fields.refuse(
        `puts ${frame.join(' ') || 'nothing'} where encode puts ${cls} $A ${sep}; pass specialTokens, or ${advice}`,
      );
  } else {
    for (const [name, token] of [
      ['cls', cls],
      ['sep', sep],
    ] as const) {
      const pair = fields.list(name, 2);
      if (pair[0] !== token)
        throw fields.error(name, `['${token}', id] as specialTokens has it; pass specialTokens, or ${advice}`);
    }
    // How offsets are cut; encode gives none.
    for (const name of ['trim_offsets', 'add_prefix_space']) fields.boolean(name, true);
  }
  fields.finish();
}

/** `$A` or the name of a special token. */
function templatePart(fields: JsonFields): string {
  const special = fields.value('SpecialToken') !== undefined;
  const part = fields.object(special ? 'SpecialToken' : 'Sequence');
  const id = part.string('id');
  const segment = part.integer('type_id', 0, 0xffff);
  part.finish();
  fields.finish();
  return segment === 0 ? (special ? id : `$${id}`) : `${id}:${segment}`;
}
