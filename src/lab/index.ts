export { labCommand, runLab } from './command.ts';
/** For a rehearsal, which has the cluster in its own process. */
export { FastTime, readsFiles } from './fast-time.ts';
export { createTwin } from './twin/twin.ts';
export { createWorld, type LabOptions } from './lab.ts';
export { reboot } from './boot.ts';
export { runScript } from './run-script.ts';
export { machineNamed } from './world.ts';
export type { Attempt, ClaimRefusal, StartRequest } from './attempts.ts';
export type { Machine } from './machine.ts';
export type { Printed } from './run-script.ts';
export type { World } from './world.ts';
