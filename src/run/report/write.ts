import { redactText } from '../../redact.ts';
import { writeOutput } from '../output-file.ts';

/** Without secrets: outputs of tools are in it. @throws Failure (usage) where it cannot be written */
export function writeReport(file: string, text: string): Promise<void> {
  return writeOutput(file, redactText(text));
}
