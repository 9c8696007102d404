import { randomUUID } from 'node:crypto';
import {
  checkCount,
  checkNonNegative,
  checkOptions,
  checkPositive,
  DataError,
  InvalidOptionError,
  type OptionNames,
} from '@selfsup/ssl-tensor/host';
import type { JsonValue } from '../../../checkpoint/run-config.js';
import type { RunLogger } from '../run-logger.js';
import { MlflowClient } from './mlflow-client.js';
import { MlflowFailure } from './mlflow-failure.js';
import { isMlflowItem, metricItem, type MlflowItem, runItems, textItem } from './mlflow-items.js';
import { MlflowRun, type SavedMlflowRun } from './mlflow-run.js';
import { MlflowSender } from './mlflow-sender.js';

/** Options of {@link mlflowLog}. */
export interface MlflowLogOptions {
  /** Of the server, `http://127.0.0.1:5000`. */
  readonly url: string;
  /** Name of the experiment; made where there is none. */
  readonly experiment: string;
  /** Default: MLflow makes one up. */
  readonly runName?: string;
  readonly tags?: Readonly<Record<string, string>>;
  /** Sent with every request, such as `Authorization`; kept nowhere. */
  readonly headers?: Readonly<Record<string, string>>;
  /** How long a request may take, in milliseconds. Default 10,000. */
  readonly timeoutMs?: number;
  /** Time between batches, in milliseconds. Default 5,000. */
  readonly sendEveryMs?: number;
  /** How long the end of a run waits for the server, in milliseconds. Default 10,000. */
  readonly closeMs?: number;
  /** How many numbers are kept while the server is gone. Default 20,000. */
  readonly maxWaiting?: number;
}

const mlflowLogOptionNames: OptionNames<MlflowLogOptions> = {
  url: 'required',
  experiment: 'required',
  runName: 'optional',
  tags: 'optional',
  headers: 'optional',
  timeoutMs: 'optionalNumber',
  sendEveryMs: 'optionalNumber',
  closeMs: 'optionalNumber',
  maxWaiting: 'optionalNumber',
};

/** Defaults of {@link MlflowLogOptions}: ours; MLflow's own client waits 120 s for an answer. */
export const mlflowLogDefaults = {
  timeoutMs: 10_000,
  sendEveryMs: 5000,
  closeMs: 10_000,
  maxWaiting: 20_000,
} as const;

const where = 'mlflowLog';
const statuses = { finished: 'FINISHED', interrupted: 'KILLED', failed: 'FAILED' } as const;

/** What a checkpoint keeps. */
interface SavedState {
  readonly run: SavedMlflowRun;
  /** Notes so far, which number them. */
  readonly notes: number;
  readonly waiting: readonly MlflowItem[];
}

/**
 * A logger to an MLflow server, by its REST API 2.0: settings as parameters, environment and notes as tags, numbers as
 * metrics, in batches beside the training. A name that MLflow does not take is changed (see the README's Loggers).
 * Histograms and pictures are not sent.
 *
 * A server that refuses the run's start (an unknown address, no rights) ends the run before its first step. From then on,
 * and where the server does not answer at the start, nothing of it ends the training: that is told once, numbers are kept
 * and sent later, and those that did not arrive are counted at the end. A resumed run goes on in the same MLflow run with
 * what waited at its checkpoint, and sends no step again that the server has.
 *
 * @throws InvalidOptionError
 *
 * @example
 * const observers = logTo(mlflowLog({ url: 'http://127.0.0.1:5000', experiment: 'photos' }));
 */
export function mlflowLog(options: MlflowLogOptions): RunLogger {
  const given = { ...mlflowLogDefaults, ...checkOptions('mlflowLog', options, mlflowLogOptionNames) };
  const url = checkUrl(given.url);
  const { experiment, runName, tags = {}, headers = {}, timeoutMs, sendEveryMs, closeMs, maxWaiting } = given;
  checkText('experiment', experiment);
  if (runName !== undefined) checkText('runName', runName);
  checkTexts('tags', tags);
  checkTexts('headers', headers);
  checkPositive(where, { timeoutMs });
  checkNonNegative(where, { sendEveryMs, closeMs });
  checkCount(where, { maxWaiting });

  const newState = (): SavedState => ({ run: { key: randomUUID() }, notes: 0, waiting: [] });
  let restored: SavedState | undefined;
  let notes = 0;
  let tell: (text: string) => void = () => undefined;
  /** What happened beside the training, told when an error of who is told can be thrown. */
  const news: string[] = [];
  const tellNews = (): void => {
    for (const text of news.splice(0)) tell(text);
  };
  let current: { readonly client: MlflowClient; readonly run: MlflowRun; readonly sender: MlflowSender } | undefined;

  return {
    name: `mlflowLog ${url} ${experiment}`,
    async open(info, tellUser) {
      tell = tellUser;
      const isResumed = info.startStep > 0 && restored !== undefined;
      if (info.startStep > 0 && !isResumed)
        tell(`MLflow has nothing of the steps before: its run begins after step ${info.startStep}`);
      const state = isResumed ? restored! : newState();
      notes = state.notes;
      news.length = 0;
      const client = new MlflowClient({ url, headers, timeoutMs });
      const run = new MlflowRun(client, { experiment, runName }, state.run, isResumed);
      const own = Object.entries(tags).map(([name, value]) => textItem('tags', name, value));
      const waiting = [...runItems(info), ...own, ...state.waiting];
      try {
        const found = await run.ready();
        if (found !== undefined) tell(found);
      } catch (failure) {
        if (!(failure instanceof MlflowFailure) || failure.isRefusal) throw failure;
      }
      const tellLater = (text: string): void => void news.push(text);
      current = { client, run, sender: new MlflowSender({ run, sendEveryMs, maxWaiting, tell: tellLater, waiting }) };
      void current.sender.send();
    },
    scalars(step, values) {
      checkCount(where, { step }, 0);
      tellNews();
      current?.sender.add(Object.entries(values).map(([name, value]) => metricItem(step, name, value)));
    },
    text(step, name, text) {
      const key = `${name}.${String(++notes).padStart(4, '0')}`;
      current?.sender.add([textItem('tags', key, `step ${step}: ${text}`)]);
    },
    flush() {
      tellNews();
      void current?.sender.send();
    },
    async close(outcome) {
      if (current === undefined) return;
      const { client, run, sender } = current;
      current = undefined;
      client.deadline = Date.now() + closeMs;
      const lost = await sender.finish(client.deadline, () => run.end(statuses[outcome]));
      tellNews();
      const reason = sender.lastReason === undefined ? '' : ` (${sender.lastReason})`;
      const later = outcome === 'interrupted' ? '; a run that goes on from the checkpoint sends those of it' : '';
      if (lost > 0) tell(`MLflow: ${lost} numbers did not reach the server${reason}${later}`);
      else if (sender.lastReason !== undefined) tell(`MLflow: the end of the run did not reach the server${reason}`);
    },
    state(): JsonValue {
      if (current === undefined) return (restored ?? newState()) as unknown as JsonValue;
      // Parameters, and tags of the run itself, come again with a resumed run.
      const waiting = current.sender.waiting.filter(({ kind, key }) => kind === 'metrics' || /\.\d{4,}$/.test(key));
      const state = {
        run: current.run.saved,
        notes,
        waiting: waiting.map((item) => ({ ...item })),
      };
      return state as unknown as JsonValue;
    },
    restore(saved) {
      restored = checkState(saved);
    },
  };
}

function checkUrl(url: unknown): string {
  const parsed = typeof url === 'string' && URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !/^https?:$/.test(parsed.protocol) || parsed.search !== '' || parsed.hash !== '')
    throw new InvalidOptionError(where, 'url', "an address such as 'http://127.0.0.1:5000'", url);
  if (parsed.username !== '' || parsed.password !== '') {
    const advice =
      'It would be shown and saved. Give headers: { Authorization: `Basic ${btoa(`${user}:${password}`)}` }';
    throw new InvalidOptionError(
      where,
      'url',
      'an address without a password',
      `${parsed.protocol}//...@${parsed.host}`,
      advice,
    );
  }
  return parsed.href.replace(/\/+$/, '');
}

function checkText(option: string, value: unknown): void {
  if (typeof value !== 'string' || value === '') throw new InvalidOptionError(where, option, 'a name', value);
}

function checkTexts(option: string, values: unknown): void {
  if (typeof values !== 'object' || values === null || Array.isArray(values))
    throw new InvalidOptionError(where, option, 'a record of texts by name', values);
  for (const [name, value] of Object.entries(values))
    if (typeof value !== 'string') throw new InvalidOptionError(where, `${option}.${name}`, 'a text', typeof value);
}

function checkState(saved: JsonValue): SavedState {
  const { run, notes, waiting } = (saved ?? {}) as Partial<SavedState>;
  const isRun =
    typeof run?.key === 'string' && /^[\w-]+$/.test(run.key) && ['string', 'undefined'].includes(typeof run.id);
  if (isRun && Number.isSafeInteger(notes) && Array.isArray(waiting) && waiting.every(isMlflowItem))
    return saved as unknown as SavedState;
  throw new DataError('is no state of mlflowLog');
}
