import { InvalidOptionError } from '@selfsup/ssl-core';
import { OnnxEncoder } from '../encoders/foreign/onnx-encoder.js';
import { rawPixelStatistics } from '../images/normalize-images.js';
import { type EncoderTeacher, teacherOf } from '../methods/distillation/teacher.js';
import { loadEncoder } from './load-encoder.js';
import type { OpenedTeacher, PretrainTeacher } from './opened-teacher.js';
import { type MethodName, recipeOf } from './recipes/recipes.js';
import { written } from './written.js';

/**
 * The teacher of a method that wants one.
 *
 * @returns nothing for other methods
 * @throws InvalidOptionError where one is wanted and not given, or given and not wanted, or takes other pictures; DataError or
 *   CheckpointError for a file that cannot be read
 */
export async function openTeacher(
  method: MethodName,
  given: PretrainTeacher | undefined,
  { channels }: { readonly channels: number },
): Promise<OpenedTeacher | undefined> {
  const wants = recipeOf(method).teacher === true;
  if (wants !== (given !== undefined)) {
    const expected = wants ? `given with method '${method}'` : `left out with method '${method}', which has none`;
    const advice = wants
      ? "Such as teacher: 'runs/large', the folder of a run, or teacher: { encoder, normalize }"
      : "Take method: 'distillation'";
    throw new InvalidOptionError('pretrain', 'teacher', expected, given, advice);
  }
  if (given === undefined) return undefined;
  const opened = typeof given === 'string' ? await ofPath(given, channels) : ofEncoder(given);
  const { settings } = teacherOf('pretrain', opened.teacher, { global: true, patches: false });
  return { ...opened, settings };
}

const ofEncoder = (teacher: EncoderTeacher): Omit<OpenedTeacher, 'settings'> => ({
  teacher,
  lines: ['// The teacher that pretrain was given: put it here.', 'const teacher = undefined!;'],
  imports: [],
});

async function ofPath(path: string, channels: number): Promise<Omit<OpenedTeacher, 'settings'>> {
  if (path.endsWith('.onnx')) {
    const encoder = await OnnxEncoder.open(path);
    if (!encoder.takesPixels)
      throw new InvalidOptionError(
        'pretrain',
        'teacher',
        'an ONNX file that takes uint8 pictures, as pretrain writes them: statistics of others are not known',
        path,
        'Give teacher: { encoder: await OnnxEncoder.open(path), normalize, size }',
      );
    return {
      teacher: { encoder, normalize: rawPixelStatistics },
      lines: [`const teacher = { encoder: await OnnxEncoder.open(${written(path)}), normalize: rawPixelStatistics };`],
      imports: ['OnnxEncoder', 'rawPixelStatistics'],
    };
  }
  const { encoder, description } = await loadEncoder(path);
  if (description.channels !== channels)
    throw new InvalidOptionError('pretrain', 'teacher', `of pictures of ${channels} channels`, description.channels);
  const { normalize, imageSize: size } = description;
  return {
    teacher: { encoder, normalize, size },
    lines: [
      `const { encoder, description } = await loadEncoder(${written(path)});`,
      'const { normalize, imageSize: size } = description;',
      'const teacher = { encoder, normalize, size };',
    ],
    imports: ['loadEncoder'],
  };
}
