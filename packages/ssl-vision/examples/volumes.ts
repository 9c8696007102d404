/** Pretrains a transformer with MAE on a folder of volumes (.nii, .nii.gz, .npy): `node --import tsx volumes.ts scans`. */
import {
  VolumeFolderDataset,
  VolumeLoader,
  composeVolume,
  randomVolumeCrop,
  randomVolumeFlip,
} from '@selfsup/ssl-data';
import { saveSafetensors } from '@selfsup/ssl-nn';
import { randomKey } from '@selfsup/ssl-tensor';
import { AdamW, Trainer, decayMatrices, warmupCosine } from '@selfsup/ssl-train';
import { Mae, MaskedAutoencoder3d, maskedAutoencoder3dSmall, ownStatistics } from '@selfsup/ssl-vision';

const dataset = await VolumeFolderDataset.open(process.argv[2] ?? 'scans');
const [epochs, batchSize, size] = [100, 32, 32];
// Every scan is at least as large; each epoch sees another part of it. For SimClr, Byol and the like: twoViews(view).
const view = composeVolume(randomVolumeCrop({ size }), randomVolumeFlip());
const loader = new VolumeLoader({ dataset, views: [view], batchSize });
const model = new MaskedAutoencoder3d({ key: randomKey(0), ...maskedAutoencoder3dSmall, volumeSize: size });
// Each volume by its own mean and deviation; of CT rather { mean, std, scale: 'values' }, since its units mean something.
const method = new Mae({ model, normalize: ownStatistics });
const decay = { weightDecay: 0.05, decayFilter: decayMatrices };
const optimizer = new AdamW([{ parameters: method.trainable() }], decay);
const steps = epochs * loader.batchesPerEpoch;
const schedule = warmupCosine({ base: 1e-3, warmupSteps: Math.floor(steps / 10), totalSteps: steps });
const trainer = new Trainer({
  method,
  loader,
  optimizer,
  schedule,
  steps,
  seed: 0,
  checkpoint: { dir: 'runs/volumes' },
});
const { interrupted } = await trainer.fit();
await loader.close();
// Ctrl-C has saved a checkpoint: the same command goes on, and nothing that is not finished is written.
if (interrupted) process.exit();
await saveSafetensors('encoder.safetensors', model.backbone.stateDict());
