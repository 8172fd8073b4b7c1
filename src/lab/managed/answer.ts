/** What a call prints, and its exit status. */
export type Answer =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'error'; readonly text: string; readonly exit: number };

/** The exit status of AWS CLI 2 for an error of the service, and for a command line that it does not understand. */
export const SERVICE_ERROR = 254;
export const USAGE_ERROR = 252;

interface Asked {
  readonly operation: string;
}

export function answerOf(value: unknown): Answer {
  return { kind: 'value', value };
}

/** An error of the service, in the words of the CLI. */
export function refuse({ operation }: Asked, code: string, message: string): Answer {
  const name = operation.replaceAll(/(?:^|-)(\w)/g, (_all, letter: string) => letter.toUpperCase());
  const text = `\nAn error occurred (${code}) when calling the ${name} operation: ${message}`;
  return { kind: 'error', text, exit: SERVICE_ERROR };
}

export function notFound(call: Asked, message: string): Answer {
  return refuse(call, 'ResourceNotFoundException', message);
}

export function inUse(call: Asked, message: string): Answer {
  return refuse(call, 'ResourceInUseException', message);
}

export function invalid(call: Asked, message: string): Answer {
  return refuse(call, 'InvalidParameterException', message);
}

export function usage(message: string): Answer {
  return { kind: 'error', text: `\naws: error: ${message}`, exit: USAGE_ERROR };
}
