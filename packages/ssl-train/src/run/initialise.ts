import { isFolder } from '@selfsup/ssl-core/files';
import { CheckpointError } from '@selfsup/ssl-tensor/host';
import { applyModules, type CheckpointContents, readCheckpoint } from '../checkpoint/checkpoint-file.js';
import { readNewestWhole } from '../checkpoint/newest-whole-checkpoint.js';
import { addNote } from './add-note.js';
import type { RunPlan } from './run-plan.js';

/**
 * Gives a new run the weights of another one: those of all modules, and nothing else of it.
 *
 * @param from a checkpoint, or a directory with checkpoints, of which the newest whole one is taken
 * @returns what is told of it
 * @throws CheckpointError when there is none, or when it does not fit the modules; DamagedCheckpointError for a file that
 *   is not whole
 */
export async function initialise<B>(from: string, { modules }: Pick<RunPlan<B>, 'modules'>): Promise<string> {
  const { path, record, tensors } = await chosen(from);
  try {
    applyModules({ path, tensors }, modules);
  } catch (error) {
    addNote(error, partAdvice(path));
    throw error;
  }
  return `the run starts from the weights of step ${record.step} in ${path}, with a new optimiser state`;
}

/** The way on for a model that has more or less than the checkpoint's. */
function partAdvice(path: string): string {
  return `initFrom takes all weights of the same model. For a part of them leave it out, and load what fits before the run: backbone.loadStateDict(withoutPrefix((await loadSafetensors(${JSON.stringify(path)})).tensors, 'modules.backbone.'), { strict: false }), all three of @selfsup/ssl-nn`;
}

async function chosen(from: string): Promise<CheckpointContents> {
  if (!(await isFolder(from))) return readCheckpoint(from);
  const { found } = await readNewestWhole(from);
  if (found === undefined)
    throw new CheckpointError('holds no checkpoint to start from (initFrom): give the directory or the file of one', {
      path: from,
    });
  return found;
}
