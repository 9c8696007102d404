import { BatchNorm, childContext, evaluation, type ForwardContext, type Module } from '@selfsup/ssl-nn';

/**
 * Context of a teacher's pass. An encoder without batch normalisation computes as in evaluation: its teacher drops no
 * branch and no feature, as those of DINO and DINOv2, which are built without. One with it normalises by its own batch.
 *
 * @param name of the pass, so that layers draw other numbers than the student's
 */
export function teacherContext(teacher: Module, ctx: ForwardContext, name: string): ForwardContext {
  const normalises = [...teacher.namedModules().values()].some((module) => module instanceof BatchNorm);
  return normalises ? childContext(ctx, name) : evaluation;
}
