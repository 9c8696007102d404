/**
 * The label that says 'no label', in every package: data sets and loaders hand it on, losses leave its sample out, and
 * what needs a class of every sample refuses it. Classes are 0, 1, 2 and so on; no other negative number is a label.
 */
export const noLabel = -1;
