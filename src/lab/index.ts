export { runLab } from './command.ts';
