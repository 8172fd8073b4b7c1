import { expect, test } from 'vitest';
import { recordBaseline } from './baseline.ts';
import { allPoints, type CrashPoint, describe, sample } from './points.ts';
import { TWO_HOPS } from './scenario.ts';
import { disturb } from './trial.ts';

const SEED = 20260411;
const COUNT = 4;
/** Actions of the first hop during which a new run takes over: it must still get to the second hop. */
const ACTIONS = ['kubeadm-upgrade-apply', 'kubeadm-upgrade-node', 'install-packages', 'restart-kubelet', 'uncordon'];

test('an upgrade over two minors that is disturbed at any point ends as if nothing had happened', async () => {
  const baseline = await recordBaseline(TWO_HOPS);
  const versions = baseline.segments.map(({ step }) => step.with['version']);
  const [first, second] = [versions.indexOf('1.32.10'), versions.indexOf('1.33.12')];
  expect([first, second > first]).toEqual([0, true]);
  const changing = allPoints(baseline).filter((point) => !point.reading);
  const rest = changing.filter(({ effect, segment }) => effect !== 'anew' && segment >= second);
  const anew = ACTIONS.flatMap((action) => {
    const of = ({ segment }: CrashPoint) => segment < second && baseline.segments[segment]?.step.action === action;
    return sample(
      changing.filter((point) => point.effect === 'anew' && of(point)),
      1,
      SEED,
    );
  });
  const chosen = [...anew, ...sample(rest, COUNT, SEED)];
  const failures: string[] = [];
  for (const point of chosen) {
    const { struck, violations, story } = await disturb(baseline, point);
    const problems = struck ? violations : [...violations, 'it was never reached'];
    if (problems.length > 0) failures.push([describe(point), ...problems, ...story].join('\n'));
  }
  expect(failures).toEqual([]);
}, 600_000);
