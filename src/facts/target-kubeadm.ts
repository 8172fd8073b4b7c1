import { type ManifestsFact, manifestsOf } from './manifests.ts';
import { manifestFiles } from './lib/manifest-files.ts';

/**
 * What the kubeadm of a release said on a node before it is installed there, by release (`1.32.9`). Asked, not read.
 */
export type TargetKubeadmFact = Readonly<Record<string, KubeadmAnswer>>;

export interface KubeadmAnswer {
  /** Why it could not be asked, in one line. */
  readonly unusable?: string;
  readonly calls: readonly KubeadmCall[];
  /** All images of the release, with the cluster's registries and pins. */
  readonly images?: readonly string[];
  /**
   * The static pods as it would write them here; of `diff`, which knows no patches, only those that it would change.
   */
  readonly manifests?: ManifestsFact;
  readonly manifestsBy?: 'dry-run' | 'diff';
  /** API groups of component configurations that someone must convert before. */
  readonly toConvert?: readonly string[];
}

export interface KubeadmCall {
  readonly id: QuestionId;
  readonly command: string;
  readonly ended: 'done' | 'failed' | 'timed-out';
  /** The lines that name its errors. */
  readonly said: readonly string[];
}

export type QuestionId = 'images' | 'plan' | 'diff' | 'dry-run';

/** Lines of an error that are shown. */
const SHOWN = 8;
/** Characters of such a line. */
const WIDEST = 300;

/**
 * Reads what `askScript` printed. `commands` are the calls as an operator would type them. Values of variables in
 * manifests, and what kubeadm prints of objects and patches, may hold secrets: none of it is kept.
 */
export function parseAnswer(output: string, commands: ReadonlyMap<string, string>): KubeadmAnswer {
  const [start = '', ...parts] = output.split(/^call: (\S+) (\d+)$/m);
  const unusable = /^unusable: (.*)$/m.exec(start)?.[1];
  const answers = new Map<string, Answer>();
  for (let at = 0; at + 2 < parts.length; at += 3)
    answers.set(parts[at] ?? '', answerOf(Number(parts[at + 1]), parts[at + 2] ?? ''));
  const text = (id: QuestionId) => (answers.get(id)?.code === 0 ? answers.get(id)?.out : undefined);
  const images = text('images')?.split('\n').filter(isImage);
  const toConvert = conversions(text('plan') ?? '');
  return {
    ...(unusable === undefined ? (answers.size === 0 ? { unusable: 'it gave no answer' } : {}) : { unusable }),
    calls: [...answers].flatMap(([id, answer]) => (isQuestion(id) ? [callOf(id, answer, commands.get(id) ?? id)] : [])),
    ...(images?.length ? { images } : {}),
    ...written(text('dry-run'), text('diff')),
    ...(toConvert.length > 0 ? { toConvert } : {}),
  };
}

interface Answer {
  readonly code: number;
  readonly out: string;
  readonly err: readonly string[];
}

function answerOf(code: number, text: string): Answer {
  const lines = text.split('\n');
  const of = (mark: string) => lines.flatMap((line) => (line.startsWith(mark) ? [line.slice(mark.length)] : []));
  return { code, out: of('out: ').join('\n'), err: of('err: ') };
}

function isQuestion(id: string): id is QuestionId {
  return ['images', 'plan', 'diff', 'dry-run'].includes(id);
}

function isImage(line: string): boolean {
  return /^\S+\/\S+:\S+$/.test(line);
}

/** `timeout` ends what takes too long with 124, or with 137 if that does not help. */
function callOf(id: QuestionId, { code, err }: Answer, command: string): KubeadmCall {
  const ended = code === 0 ? 'done' : code === 124 || code === 137 ? 'timed-out' : 'failed';
  return { id, command, ended, said: ended === 'failed' ? errorsOf(err, code) : [] };
}

/** kubeadm's own words alone: a patch that it cannot apply is printed whole, in lines of its own. */
const ERROR =
  /^(\s*\[[A-Za-z][A-Za-z/-]*( [A-Za-z-]+)?\]|\t- |error|unable|could ?n[o']t|can ?not|failed|this version|unknown)/i;

function errorsOf(lines: readonly string[], code: number): string[] {
  const own = lines.filter((line) => ERROR.test(line) && !/\[WARNING |^\[preflight\] If you know/.test(line));
  const shown = own.map((line) => line.trim().slice(0, WIDEST)).slice(0, SHOWN);
  return shown.length > 0 ? shown : [`it exited with ${code}`];
}

const heading = /^\[dryrun\] Would write file "(?:.*\/)?([^/"]+)" with content:$/m;

function written(dryRun: string | undefined, diff: string | undefined) {
  const found = dryRun === undefined ? [] : filesOfDryRun(dryRun);
  if (found.length > 0) return { manifests: asManifests(found), manifestsBy: 'dry-run' as const };
  if (diff === undefined) return {};
  return { manifests: asManifests(filesOfDiff(diff)), manifestsBy: 'diff' as const };
}

function asManifests(files: readonly string[]): ManifestsFact {
  return manifestsOf(files.flatMap((text) => manifestFiles(text)));
}

/** Before 1.32 each line has a tab ahead (app/util/dryrun). */
function filesOfDryRun(text: string): string[] {
  const [, ...parts] = text.split(heading);
  return parts.flatMap((part, at) => (at % 2 === 0 ? [] : [part.replaceAll(/^\t/gm, '')]));
}

/** The new file of each unified diff: it is asked for with more lines of context than a manifest has. */
function filesOfDiff(text: string): string[] {
  const [, ...parts] = text.split(/^--- .*\n\+\+\+ .*\n@@ .* @@$/m);
  return parts.map((part) =>
    part
      .split('\n')
      .flatMap((line) => (/^[ +]/.test(line) ? [line.slice(1)] : []))
      .join('\n'),
  );
}

/** Rows of the last table of `kubeadm upgrade plan` whose last column says yes. */
function conversions(plan: string): string[] {
  const [, table = ''] = plan.split(/^API GROUP .*MANUAL UPGRADE REQUIRED\s*$/m);
  return [...table.matchAll(/^(\S+\.\S+)\s.*\byes\s*$/gm)].map(([, group = '']) => group);
}
