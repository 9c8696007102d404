import { bertFrame, type Frame, type FramePart, robertaFrame } from './frame.js';
import type { JsonFields } from './json-fields.js';
import type { SpecialTokenIds, SpecialTokens } from './special-tokens.js';

/** Kinds of `post_processor`. */
export type FrameType = 'TemplateProcessing' | 'BertProcessing' | 'RobertaProcessing' | 'ByteLevel' | 'Sequence';

/** What a frame is checked against. */
export interface FrameTokens {
  readonly specialTokens: SpecialTokens;
  readonly specialIds: SpecialTokenIds;
  /** Id of a token of the vocabulary. */
  readonly idOf: (token: string) => number | undefined;
}

const advice =
  'remove the field to have [CLS] and [SEP] by name, or encode with addSpecialTokens: false and add your own';
const mostProcessors = 8;

/**
 * Reads the `post_processor` of a `tokenizer.json`, and checks that it puts the `cls` token before a text and the `sep`
 * token after it, as `encode` does.
 *
 * @param types what the kind of tokeniser may have
 * @param otherwise where nothing says what is put around a text
 * @throws DataError where it is not known, or puts others
 */
export function readFrame(
  fields: JsonFields,
  types: readonly FrameType[],
  tokens: FrameTokens,
  otherwise: Frame,
): Frame {
  const type = fields.oneOf('type', types);
  switch (type) {
    case 'TemplateProcessing': {
      const frame = readTemplate(fields, tokens);
      fields.finish();
      return frame;
    }
    case 'BertProcessing':
    case 'RobertaProcessing': {
      for (const name of ['cls', 'sep'] as const) {
        const pair = fields.list(name, 2);
        if (pair[0] !== tokens.specialTokens[name])
          throw fields.error(
            name,
            `['${tokens.specialTokens[name]}', id] as specialTokens has it; pass specialTokens, or ${advice}`,
          );
      }
      const trims = fields.boolean('trim_offsets', true);
      const addPrefixSpace = fields.boolean('add_prefix_space', true);
      fields.finish();
      if (type === 'BertProcessing') return bertFrame(tokens.specialIds);
      return { ...robertaFrame(tokens.specialIds), ...(trims ? { trim: { addPrefixSpace } } : {}) };
    }
    case 'ByteLevel': {
      const trims = fields.boolean('trim_offsets', true);
      const addPrefixSpace = fields.boolean('add_prefix_space', true);
      fields.boolean('use_regex', true);
      fields.finish();
      return trims ? { ...otherwise, trim: { addPrefixSpace } } : otherwise;
    }
    case 'Sequence': {
      const steps = fields.list('processors', mostProcessors);
      const inner = types.filter((each) => each !== 'Sequence');
      const frame = steps.reduce<Frame>(
        (before, item, index) => ({
          ...readFrame(fields.item('processors', index, item), inner, tokens, before),
          ...(before.trim === undefined ? {} : { trim: before.trim }),
        }),
        otherwise,
      );
      fields.finish();
      return frame;
    }
  }
}

function readTemplate(fields: JsonFields, tokens: FrameTokens): Frame {
  const { cls, sep } = tokens.specialTokens;
  const single = fields.list('single', 64).map((item, index) => templatePart(fields.item('single', index, item)));
  const pair = fields.list('pair', 64).map((item, index) => templatePart(fields.item('pair', index, item)));
  fields.value('special_tokens');
  const shown = single.map(({ name, typeId }) => (typeId === 0 ? name : `${name}:${typeId}`)).join(' ');
  if (shown !== [cls, '$A', sep].join(' '))
    throw fields.refuse(
      `puts ${shown || 'nothing'} where encode puts ${cls} $A ${sep}; pass specialTokens, or ${advice}`,
    );
  const resolve = ({ name, typeId }: NamedPart): FramePart => {
    if (name === '$A' || name === '$B') return { sequence: name === '$A' ? 0 : 1, typeId };
    const id = tokens.idOf(name);
    if (id === undefined) throw fields.refuse(`puts '${name.slice(0, 60)}', which is not in the vocabulary`);
    return { id, typeId };
  };
  const texts = pair.filter(({ name }) => name.startsWith('$')).map(({ name }) => name);
  if (pair.length > 0 && texts.join(' ') !== '$A $B')
    throw fields.error('pair', 'a template that has A and then B, each once');
  return { single: single.map(resolve), pair: pair.length === 0 ? undefined : pair.map(resolve) };
}

interface NamedPart {
  /** `$A`, `$B` or the name of a special token. */
  readonly name: string;
  readonly typeId: number;
}

function templatePart(fields: JsonFields): NamedPart {
  const special = fields.value('SpecialToken') !== undefined;
  const part = fields.object(special ? 'SpecialToken' : 'Sequence');
  const id = part.string('id');
  const typeId = part.integer('type_id', 0, 0xffff);
  part.finish();
  fields.finish();
  if (!special && id !== 'A' && id !== 'B') throw part.error('id', "'A' or 'B'");
  return { name: special ? id : `$${id}`, typeId };
}
