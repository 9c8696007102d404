import { parentPort, workerData } from 'node:worker_threads';
import { datasetFromSource } from '../dataset/dataset-from-source.js';
import { joinDecodeBudget } from '../image/decode-budget.js';
import { anyViewFromSpec } from '../views/view-from-spec.js';
import { BatchBuilder } from './build-batch.js';
import { toErrorRecord, type WorkerReply, type WorkerRequest, type WorkerStart } from './worker-messages.js';

// Entry of the loader's worker threads. Must not import the tensor engine.
const port = parentPort;
if (port !== null) {
  const start = workerData as WorkerStart;
  const opening = open(start);
  // Reported with the first request instead.
  opening.catch(() => {});
  let turn: Promise<void> = Promise.resolve();
  port.on('message', (request: WorkerRequest) => {
    turn = turn.then(() => serve(request));
  });

  const serve = async ({ id, task, cancelled }: WorkerRequest): Promise<void> => {
    try {
      if (Atomics.load(cancelled, 0) !== 0) {
        port.postMessage({ id } satisfies WorkerReply);
        return;
      }
      const builder = await opening;
      Atomics.add(start.progress, 0, 1);
      const batch = await builder.build(task);
      const { arrays, index, labels, boxes = [] } = batch;
      const buffers = [...arrays, ...boxes, index, ...(labels === undefined ? [] : [labels])].map(
        ({ data }) => data.buffer as ArrayBuffer,
      );
      port.postMessage({ id, batch } satisfies WorkerReply, buffers);
    } catch (error) {
      port.postMessage({ id, error: toErrorRecord(error) } satisfies WorkerReply);
    }
  };
}

async function open({
  source,
  views,
  onError,
  sampleTimeout,
  progress,
  decodePlace,
}: WorkerStart): Promise<BatchBuilder> {
  // Also for data sets of one's own, which decode without the loader's memory.
  joinDecodeBudget(decodePlace);
  const dataset = await datasetFromSource(source);
  return new BatchBuilder(dataset, views === undefined ? undefined : await Promise.all(views.map(anyViewFromSpec)), {
    onError,
    sampleTimeout,
    onProgress: () => Atomics.add(progress, 0, 1),
  });
}
