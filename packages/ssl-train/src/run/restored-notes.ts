import { engineThreads } from '@selfsup/ssl-tensor';
import type { RestoredRun } from '../checkpoint/restore-run.js';
import { environmentChanges, type RunEnvironment } from '../checkpoint/run-environment.js';

/** What is to be told of a run that goes on: damaged checkpoints, threads, another environment than before. */
export function restoredNotes({ record, damaged, path }: RestoredRun, environment: RunEnvironment): string[] {
  const notes = damaged.map(
    (item) =>
      `the checkpoint of step ${item.step} is damaged (${item.reason}) and now lies at ${item.path}; the run continues from ${path}`,
  );
  if (environment.threads === record.environment?.threads && environment.threads > engineThreads())
    notes.push(
      `the run goes on with ${environment.threads} threads, as before, and may use ${engineThreads()} cores; threads: ${engineThreads()} is faster and differs in the last digits`,
    );
  const changes = record.environment === undefined ? [] : environmentChanges(record.environment, environment);
  if (changes.length > 0)
    notes.push(
      `the run computes with something else than before, so its last digits may differ from those of an unbroken one: ${changes.join('; ')}`,
    );
  return notes;
}
