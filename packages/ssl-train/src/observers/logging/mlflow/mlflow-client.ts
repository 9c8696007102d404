import { printable } from '@selfsup/ssl-core';
import { MlflowFailure } from './mlflow-failure.js';

/** Answers are some kilobytes; the history of a metric has a hundred bytes per step. */
const maxBytes = 2 ** 28;

/** Options of {@link MlflowClient}. */
export interface MlflowClientOptions {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

/** Calls of MLflow's REST API 2.0. */
export class MlflowClient {
  /** When every request ends at the latest, by `Date.now()`. */
  deadline = Infinity;
  readonly #options: MlflowClientOptions;

  constructor(options: MlflowClientOptions) {
    this.#options = options;
  }

  /** @throws MlflowFailure unless it answers with JSON in time */
  get(endpoint: string, query: Readonly<Record<string, string>>): Promise<unknown> {
    return this.#request(`${endpoint}?${new URLSearchParams(query).toString()}`, { method: 'GET' });
  }

  /** @throws MlflowFailure unless it answers with JSON in time */
  post(endpoint: string, body: object): Promise<unknown> {
    return this.#request(endpoint, { method: 'POST', body: JSON.stringify(body) });
  }

  async #request(path: string, init: RequestInit): Promise<unknown> {
    const { url, headers, timeoutMs } = this.#options;
    const patience = Math.max(1, Math.min(timeoutMs, this.deadline - Date.now()));
    let status: number;
    let text: string;
    try {
      const response = await fetch(`${url}/api/2.0/mlflow/${path}`, {
        ...init,
        headers: { ...headers, 'Content-Type': 'application/json' },
        signal: AbortSignal.timeout(patience),
      });
      status = response.status;
      text = await readText(response);
    } catch (cause) {
      throw new MlflowFailure(reasonOf(cause, patience), url, { cause });
    }
    const body = parsed(text);
    if (status === 200 && body !== undefined) return body;
    const { error_code: errorCode, message } = (body ?? {}) as { error_code?: string; message?: string };
    const said = message ?? (body === undefined ? 'no JSON; is it an MLflow server?' : text);
    const reason = `answers ${status}: ${printable(said.slice(0, 500))}`;
    throw new MlflowFailure(reason, url, { status, errorCode });
  }
}

async function readText({ body }: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of (body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += part.length;
    if (bytes > maxBytes) throw new RangeError(`an answer of more than ${maxBytes} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}

function parsed(text: string): object | undefined {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === 'object' && body !== null ? body : undefined;
  } catch {
    return undefined;
  }
}

/** In the words of the system, which `fetch` hides in the cause of its error. */
function reasonOf(error: unknown, patience: number): string {
  if ((error as Error | undefined)?.name === 'TimeoutError') return `no answer within ${Math.ceil(patience)} ms`;
  const cause = (error as { cause?: unknown }).cause ?? error;
  const { code, message } = cause as { code?: string; message?: string };
  return `no answer (${printable(message || code || String(cause))})`;
}
