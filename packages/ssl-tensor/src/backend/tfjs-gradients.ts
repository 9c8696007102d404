/**
 * TF.js's gradients: `@tensorflow/tfjs-core` does not register them by itself under Node, and its file that does cannot
 * be imported there; `@tensorflow/tfjs-layers` registers them when it loads, and is a third of the size of
 * `@tensorflow/tfjs`.
 */
import '@tensorflow/tfjs-layers';
