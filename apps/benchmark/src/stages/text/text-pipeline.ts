import type { TextRecipe } from '../../recipes/text-schema.js';
import { percent, whole, labelsEach } from '../../report/numbers.js';
import type { Opened, Pipeline, PipelineContext } from '../../runs/pipeline.js';
import type { PlannedStage } from '../../runs/progress.js';
import { classify } from './classify-stage.js';
import { fillMasks } from './masks-stage.js';
import { pretrainText } from './mlm-stage.js';
import type { ClassifyResult, MasksResult, MlmResult, TokenizerResult } from './results.js';
import { TextSession } from './text-session.js';

/** Masked-language modelling on glosses, then their classes from few labels. */
export const textPipeline: Pipeline<TextRecipe> = { open, run };

async function open(recipe: TextRecipe): Promise<Opened<TextRecipe>> {
  return { recipe, plan: plan(recipe), notes: [] };
}

function plan({ tokenizer, pretrain, fineTune, report }: TextRecipe): PlannedStage[] {
  const labels = labelsEach(...fineTune.labelsPerClass);
  const classification = fineTune.labelsPerClass.length * (fineTune.steps / 25 + 4);
  return [
    { name: 'tokenizer', title: `Vocabulary of ${whole(tokenizer.vocabulary)} word pieces`, cost: 10 },
    { name: 'pretrain', title: `Masked-language modelling, ${whole(pretrain.steps)} steps`, cost: pretrain.steps / 9 },
    { name: 'fine-tune', title: `Fine-tuning with ${labels}`, cost: classification },
    { name: 'scratch', title: `Training from scratch with ${labels}`, cost: classification },
    { name: 'masks', title: `${report.examples} filled masks`, cost: 2 },
  ];
}

async function run(recipe: TextRecipe, context: PipelineContext): Promise<void> {
  const session = await TextSession.open(recipe, context);
  const { stages } = context;
  await stages.run<TokenizerResult>('tokenizer', () => session.trainTokenizer(), {
    outcome: ({ vocabulary }) => `${whole(vocabulary)} pieces`,
  });
  await stages.run<MlmResult>('pretrain', (progress) => pretrainText(session, progress), {
    outcome: ({ maskedAccuracy, maskedLoss }) =>
      `held-out masked accuracy ${percent(maskedAccuracy.at(-1)!.value)}, loss ${maskedLoss.at(-1)!.value.toFixed(2)}`,
  });
  const list = ({ accuracy }: ClassifyResult): string =>
    Object.values(accuracy)
      .map((value) => percent(value))
      .join(', ');
  await stages.run<ClassifyResult>(
    'fine-tune',
    async (progress) => classify(session, await session.pretrainedState(), progress),
    { outcome: list },
  );
  await stages.run<ClassifyResult>('scratch', (progress) => classify(session, undefined, progress), { outcome: list });
  await stages.run<MasksResult>('masks', () => fillMasks(session));
}
