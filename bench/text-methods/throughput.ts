import type { Figures, TextJob } from './rows.js';
import { embedding } from './throughput/embedding.js';
import { encoding } from './throughput/encoding.js';
import { embeddingMemory } from './throughput/embedding-memory.js';
import { packing } from './throughput/packing.js';

const measures = { packing, encoding, embedding, memory: embeddingMemory } as const;

/** One of the speeds. */
export const throughput = (job: TextJob): Promise<Figures> => measures[job.variant as keyof typeof measures](job);
