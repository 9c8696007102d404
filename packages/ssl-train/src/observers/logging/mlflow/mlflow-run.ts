import type { MlflowClient } from './mlflow-client.js';
import { MlflowFailure } from './mlflow-failure.js';
import type { MlflowItem } from './mlflow-items.js';

/** Names the run for us, in one of its tags. */
const keyTag = 'ssl.run';

/** What is made where it is missing. */
export interface MlflowTarget {
  readonly experiment: string;
  readonly runName: string | undefined;
}

/** A run as a checkpoint keeps it. */
export interface SavedMlflowRun {
  /** Ours, from before the server knew the run. */
  readonly key: string;
  /** MLflow's. */
  readonly id?: string;
}

interface Metric {
  readonly key: string;
  readonly step: number | string;
}

/** A run on an MLflow server. Every call throws an {@link MlflowFailure} where the server does not do it. */
export class MlflowRun {
  readonly #client: MlflowClient;
  readonly #target: MlflowTarget;
  readonly #key: string;
  #id: string | undefined;
  #isReady = false;
  /** An earlier part of the run, or a request without an answer, may have made it. */
  #mayExist: boolean;
  /** The server may have numbers up to this step that are about to be sent. */
  #upTo = -1;
  /** Steps that it has, by metric. */
  #steps = new Map<string, Set<number>>();

  /** @param isSaved whether it comes from a checkpoint */
  constructor(client: MlflowClient, target: MlflowTarget, { key, id }: SavedMlflowRun, isSaved: boolean) {
    this.#client = client;
    this.#target = target;
    this.#key = key;
    this.#id = id;
    this.#mayExist = isSaved;
  }

  get saved(): SavedMlflowRun {
    return { key: this.#key, ...(this.#id === undefined ? {} : { id: this.#id }) };
  }

  /**
   * Finds the run or makes it.
   *
   * @returns what the user should know
   */
  async ready(): Promise<string | undefined> {
    if (this.#isReady) return undefined;
    const missing = this.#id === undefined || (await this.#continue(this.#id)) ? undefined : this.#id;
    if (missing !== undefined) this.#id = undefined;
    if (this.#id === undefined) await this.#findOrMake();
    this.#isReady = true;
    return missing === undefined
      ? undefined
      : `MLflow has no run ${missing} any more: the numbers go on in a new run, ${this.#id}`;
  }

  /** Items that the server has not; of metrics, each step once. */
  async unknown(items: readonly MlflowItem[]): Promise<readonly MlflowItem[]> {
    const found: MlflowItem[] = [];
    for (const item of items)
      if (item.kind !== 'metrics' || item.step > this.#upTo || !(await this.#stepsOf(item.key)).has(item.step))
        found.push(item);
    return found;
  }

  async log(items: readonly MlflowItem[]): Promise<void> {
    if (items.length === 0) return;
    const of = (kind: MlflowItem['kind']): object[] =>
      items
        .filter((item) => item.kind === kind)
        .map((item) => {
          const { key, value } = item;
          return item.kind === 'metrics' ? { key, value, step: item.step, timestamp: item.timestamp } : { key, value };
        });
    try {
      await this.#client.post('runs/log-batch', {
        run_id: this.#id,
        metrics: of('metrics'),
        params: of('params'),
        tags: of('tags'),
      });
    } catch (failure) {
      if (failure instanceof MlflowFailure && failure.mayHaveArrived) {
        for (const item of items) if (item.kind === 'metrics') this.#upTo = Math.max(this.#upTo, item.step);
        this.#steps.clear();
      }
      throw failure;
    }
  }

  async end(status: 'FINISHED' | 'KILLED' | 'FAILED'): Promise<void> {
    await this.#client.post('runs/update', { run_id: this.#id, status, end_time: Date.now() });
  }

  /** @returns false where the server has no such run, or has deleted it */
  async #continue(id: string): Promise<boolean> {
    let found: unknown;
    try {
      found = await this.#client.get('runs/get', { run_id: id });
    } catch (failure) {
      if (failure instanceof MlflowFailure && failure.errorCode === 'RESOURCE_DOES_NOT_EXIST') return false;
      throw failure;
    }
    const { run } = found as { run?: { info?: { lifecycle_stage?: string }; data?: { metrics?: readonly Metric[] } } };
    if (run?.info?.lifecycle_stage === 'deleted') return false;
    for (const { step } of run?.data?.metrics ?? []) this.#upTo = Math.max(this.#upTo, Number(step));
    this.#steps.clear();
    await this.#client.post('runs/update', { run_id: id, status: 'RUNNING' });
    return true;
  }

  async #findOrMake(): Promise<void> {
    const experiment = await this.#experiment();
    if (this.#mayExist) {
      const filter = `tags.\`${keyTag}\` = '${this.#key}'`;
      const body = { experiment_ids: [experiment], filter, max_results: 1 };
      const { runs = [] } = (await this.#client.post('runs/search', body)) as { runs?: { info: { run_id: string } }[] };
      const id = runs[0]?.info.run_id;
      if (id !== undefined && (await this.#continue(id))) {
        this.#id = id;
        return;
      }
    }
    this.#mayExist = true;
    const { runName } = this.#target;
    const made = (await this.#client.post('runs/create', {
      experiment_id: experiment,
      start_time: Date.now(),
      ...(runName === undefined ? {} : { run_name: runName }),
      tags: [{ key: keyTag, value: this.#key }],
    })) as { run: { info: { run_id: string } } };
    this.#id = made.run.info.run_id;
  }

  async #experiment(): Promise<string> {
    const name = this.#target.experiment;
    const find = async (): Promise<string> => {
      const found = await this.#client.get('experiments/get-by-name', { experiment_name: name });
      return (found as { experiment: { experiment_id: string } }).experiment.experiment_id;
    };
    try {
      return await find();
    } catch (failure) {
      if (!(failure instanceof MlflowFailure) || failure.errorCode !== 'RESOURCE_DOES_NOT_EXIST') throw failure;
    }
    try {
      return ((await this.#client.post('experiments/create', { name })) as { experiment_id: string }).experiment_id;
    } catch (failure) {
      // Another run was faster.
      if (failure instanceof MlflowFailure && failure.errorCode === 'RESOURCE_ALREADY_EXISTS') return find();
      throw failure;
    }
  }

  async #stepsOf(key: string): Promise<ReadonlySet<number>> {
    let steps = this.#steps.get(key);
    if (steps !== undefined) return steps;
    steps = new Set();
    let token: string | undefined;
    do {
      const page = (await this.#client.get('metrics/get-history', {
        run_id: this.#id!,
        metric_key: key,
        ...(token === undefined ? {} : { page_token: token }),
      })) as { metrics?: readonly Metric[]; next_page_token?: string };
      for (const { step } of page.metrics ?? []) steps.add(Number(step));
      token = page.next_page_token || undefined;
    } while (token !== undefined);
    this.#steps.set(key, steps);
    return steps;
  }
}
