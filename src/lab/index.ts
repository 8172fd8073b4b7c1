export { labCommand, runLab } from './command.ts';
