import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface StoredMetric {
  readonly key: string;
  readonly value: number | string;
  readonly step: number;
  readonly timestamp: number;
}

export interface StoredRun {
  readonly id: string;
  readonly experiment: string;
  readonly name: string | undefined;
  status: string;
  deleted: boolean;
  readonly metrics: StoredMetric[];
  readonly params: Map<string, string>;
  readonly tags: Map<string, string>;
}

/** What happens to a request: nothing is answered, it is done and not answered, or refused. */
export type Trouble = 'hang' | 'drop' | { readonly status: number; readonly body?: string };

interface Body {
  readonly [name: string]: unknown;
  readonly run_id?: string;
}

type Pair = { readonly key: string; readonly value: string };

/** As much of an MLflow server as the logger uses, with a store that keeps every metric that comes, and troubles. */
export class MlflowServer {
  readonly experiments = new Map<string, string>();
  readonly runs: StoredRun[] = [];
  readonly requests: string[] = [];
  readonly headers: IncomingMessage['headers'][] = [];
  trouble: (endpoint: string, body: Body) => Trouble | undefined = () => undefined;
  port = 0;
  #server: Server | undefined;

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async start(): Promise<this> {
    this.#server = createServer((request, response) => void this.#answer(request, response));
    this.#server.listen(this.port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.port = (this.#server.address() as AddressInfo).port;
    return this;
  }

  async stop(): Promise<void> {
    this.#server?.closeAllConnections();
    this.#server?.close();
    if (this.#server !== undefined) await once(this.#server, 'close');
    this.#server = undefined;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const { pathname, searchParams } = new URL(request.url!, this.url);
    const endpoint = pathname.replace('/api/2.0/mlflow/', '');
    const text = Buffer.concat(parts).toString();
    const body = (text === '' ? Object.fromEntries(searchParams) : JSON.parse(text)) as Body;
    this.requests.push(endpoint);
    this.headers.push(request.headers);
    const trouble = this.trouble(endpoint, body);
    if (trouble === 'hang') return;
    if (typeof trouble === 'object') {
      response.writeHead(trouble.status).end(trouble.body ?? '{"error_code":"X","message":"in trouble"}');
      return;
    }
    const { status, answer } = this.#handle(endpoint, body);
    if (trouble === 'drop') response.destroy();
    else response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(answer));
  }

  #handle(endpoint: string, body: Body): { status: number; answer: object } {
    const ok = (answer: object): { status: number; answer: object } => ({ status: 200, answer });
    const missing = { status: 404, answer: { error_code: 'RESOURCE_DOES_NOT_EXIST', message: 'no such thing' } };
    const run = this.runs.find(({ id }) => id === body.run_id);
    switch (endpoint) {
      case 'experiments/get-by-name': {
        const id = this.experiments.get(body['experiment_name'] as string);
        return id === undefined ? missing : ok({ experiment: { experiment_id: id } });
      }
      case 'experiments/create':
        this.experiments.set(body['name'] as string, String(this.experiments.size + 1));
        return ok({ experiment_id: String(this.experiments.size) });
      case 'runs/create': {
        const tags = new Map((body['tags'] as Pair[]).map(({ key, value }) => [key, value]));
        const [id, experiment] = [`run${this.runs.length + 1}`, body['experiment_id'] as string];
        const name = body['run_name'] as string | undefined;
        const made = { id, experiment, name, status: 'RUNNING', deleted: false, metrics: [], params: new Map(), tags };
        this.runs.push(made);
        return ok({ run: { info: { run_id: id } } });
      }
      case 'runs/search': {
        const key = /^tags\.`ssl\.run` = '([\w-]+)'$/.exec(body['filter'] as string)![1];
        const found = this.runs.filter(({ deleted, tags }) => !deleted && tags.get('ssl.run') === key);
        return ok(found.length === 0 ? {} : { runs: found.map(({ id }) => ({ info: { run_id: id } })) });
      }
    }
    if (run === undefined) return missing;
    switch (endpoint) {
      case 'runs/get': {
        const latest = new Map(run.metrics.toSorted((a, b) => a.step - b.step).map((metric) => [metric.key, metric]));
        const info = { lifecycle_stage: run.deleted ? 'deleted' : 'active' };
        return ok({ run: { info, data: { metrics: [...latest.values()] } } });
      }
      case 'runs/update':
        run.status = body['status'] as string;
        return ok({});
      case 'runs/log-batch':
        run.metrics.push(...(body['metrics'] as StoredMetric[]));
        for (const { key, value } of body['params'] as Pair[]) run.params.set(key, value);
        for (const { key, value } of body['tags'] as Pair[]) run.tags.set(key, value);
        return ok({});
      case 'metrics/get-history': {
        // In pages of three.
        const all = run.metrics.filter(({ key }) => key === body['metric_key']);
        const from = Number(body['page_token'] ?? 0);
        const token = from + 3 < all.length ? { next_page_token: String(from + 3) } : {};
        return ok({ metrics: all.slice(from, from + 3), ...token });
      }
      default:
        return { status: 404, answer: {} };
    }
  }
}
