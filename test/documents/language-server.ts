import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { onTestFinished } from 'vitest';
import { z } from 'zod';

const place = z.object({ line: z.number(), character: z.number() });
const diagnosticSchema = z.object({
  range: z.object({ start: place, end: place }),
  message: z.string(),
});
export type EditorDiagnostic = z.infer<typeof diagnosticSchema>;

const messageSchema = z.object({
  id: z.union([z.number(), z.string()]).optional(),
  method: z.string().optional(),
  params: z.unknown().optional(),
  result: z.unknown().optional(),
});
type Message = z.infer<typeof messageSchema>;

const hoverSchema = z.object({ contents: z.object({ value: z.string() }) });
const completionSchema = z.object({ items: z.array(z.object({ label: z.string() })) });
const publishedSchema = z.object({ uri: z.string(), diagnostics: z.array(diagnosticSchema) });

/** The yaml-language-server of editors, over stdio, as they start it. */
export class LanguageServer {
  readonly #process = spawn(
    process.execPath,
    [createRequire(import.meta.url).resolve('yaml-language-server/bin/yaml-language-server'), '--stdio'],
    { stdio: ['pipe', 'pipe', 'ignore'] },
  );
  readonly #answers = new Map<number, (message: Message) => void>();
  readonly #published = new Map<string, (diagnostics: EditorDiagnostic[]) => void>();
  #bytes = Buffer.alloc(0);
  #calls = 0;

  constructor() {
    onTestFinished(() => void this.#process.kill());
    this.#process.stdout.on('data', (chunk: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      for (let message = this.#take(); message; message = this.#take()) this.#handle(message);
    });
  }

  async start(): Promise<void> {
    await this.#call('initialize', {
      processId: process.pid,
      rootUri: null,
      capabilities: { textDocument: { hover: { contentFormat: ['markdown'] }, completion: {} } },
    });
    this.#send({ method: 'initialized', params: {} });
  }

  /** Opens a file. @returns what the editor underlines in it */
  open(uri: string, text: string): Promise<EditorDiagnostic[]> {
    const diagnostics = new Promise<EditorDiagnostic[]>((resolve) => this.#published.set(uri, resolve));
    this.#send({
      method: 'textDocument/didOpen',
      params: { textDocument: { uri, languageId: 'yaml', version: 1, text } },
    });
    return diagnostics;
  }

  /** What is shown beside the mouse. */
  async hover(uri: string, line: number, character: number): Promise<string> {
    const { result } = await this.#call('textDocument/hover', { textDocument: { uri }, position: { line, character } });
    return hoverSchema.parse(result).contents.value;
  }

  async complete(uri: string, line: number, character: number): Promise<string[]> {
    const params = { textDocument: { uri }, position: { line, character } };
    const { result } = await this.#call('textDocument/completion', params);
    return completionSchema.parse(result).items.map(({ label }) => label);
  }

  #call(method: string, params: unknown): Promise<Message> {
    this.#calls += 1;
    const id = this.#calls;
    this.#send({ id, method, params });
    return new Promise((resolve) => this.#answers.set(id, resolve));
  }

  #send(message: object): void {
    const text = JSON.stringify({ jsonrpc: '2.0', ...message });
    this.#process.stdin.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
  }

  #take(): Message | undefined {
    const end = this.#bytes.indexOf('\r\n\r\n');
    const length = Number(/Content-Length: (\d+)/i.exec(this.#bytes.toString('latin1', 0, Math.max(end, 0)))?.[1]);
    if (end === -1 || this.#bytes.length < end + 4 + length) return undefined;
    const message = messageSchema.parse(JSON.parse(this.#bytes.toString('utf8', end + 4, end + 4 + length)));
    this.#bytes = this.#bytes.subarray(end + 4 + length);
    return message;
  }

  #handle(message: Message): void {
    if (message.method === undefined) {
      if (typeof message.id === 'number') this.#answers.get(message.id)?.(message);
    } else if (message.id !== undefined) {
      // It asks for the settings of the editor: there are none.
      this.#send({
        id: message.id,
        result: message.method === 'workspace/configuration' ? [null, null, null, null, null] : null,
      });
    } else if (message.method === 'textDocument/publishDiagnostics') {
      const { uri, diagnostics } = publishedSchema.parse(message.params);
      this.#published.get(uri)?.(diagnostics);
    }
  }
}
