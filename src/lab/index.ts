export { labCommand, runLab } from './command.ts';
/** For a rehearsal, which has the cluster in its own process. */
export { FastTime } from './fast-time.ts';
export { createTwin } from './twin/twin.ts';
export { createWorld, type LabOptions } from './lab.ts';
export { parseFaultEffect } from './audit.ts';
export { reboot } from './boot.ts';
export { blockEvictions, cutOffRegistry, mendProblem } from './mends.ts';
export { plantProblem } from './problems.ts';
export { type Serving, servingNow } from './serving.ts';
export { keepFiles, restoreSnapshot, type Snapshot, takeSnapshot } from './snapshot.ts';
export { readState } from './state.ts';
export { kubeadmPhases } from './tools/kubeadm-phases.ts';
export { runScript } from './run-script.ts';
export { machineNamed } from './world.ts';
export type { Attempt, ClaimRefusal, StartRequest } from './attempts.ts';
export type { Machine } from './machine.ts';
export type { Printed } from './run-script.ts';
export type { World } from './world.ts';
