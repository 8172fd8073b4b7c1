import { describe, expect, test } from 'vitest';
import * as lab from '../../src/lab/index.ts';
import { hasQuorum } from '../../src/lab/etcd-members.ts';
import { controlPlanes } from '../../src/lab/world.ts';
import type { World } from '../../src/lab/world.ts';
import { faultsSchema } from '../../src/render/faults-data.ts';
import { rehearseFaults } from '../../src/rehearse/faults/rehearse-faults.ts';
import { needs } from '../chaos/scenario.ts';
import { sourceOf } from './stage.ts';

const SIZE = { controlPlanes: 3, workers: 3 };
const SEED = 20_261_130;

describe('misfortunes on three control planes and three workers', () => {
  test('at least 25 strike, each row is what the twin is, and the run ends well by its commands after each', async () => {
    const { plan, inventory, documents } = await sourceOf(SIZE);
    let world: World | undefined;
    const newWorld = async (clock: lab.FastTime) =>
      (world = await lab.createWorld({ kubernetes: '1.31.9', ...SIZE, clock, quick: true }));
    const wrong: string[] = [];
    const faults = await rehearseFaults({ lab, plan, inventory, minors: needs(documents).minors, newWorld }, SEED, {
      // The twin is as the misfortune left it, before anyone does anything.
      onLeft: async (row) => {
        if (!world) throw new Error('no twin');
        const { nodes } = await lab.readState(world);
        const is = {
          cordoned: nodes.filter((node) => node.unschedulable).map(({ name }) => name),
          notReady: nodes.filter((node) => !node.ready).map(({ name }) => name),
          answers: controlPlanes(world)
            .filter(
              (machine) =>
                machine.up && (machine.staticPods.get('kube-apiserver')?.readyAt ?? Infinity) <= machine.clock.now(),
            )
            .map(({ name }) => name),
          quorum: hasQuorum(world),
          kubelets: new Set(nodes.map((node) => `${node.name} ${node.kubeletRunning}`)),
        };
        const { state, serves } = row;
        const says = {
          cordoned: state.cordoned,
          notReady: state.notReady,
          answers: serves.api.answers,
          quorum: serves.etcd.quorum,
          kubelets: new Set(
            Object.entries(state.kubelets).flatMap(([version, of]) => of.map((name) => `${name} ${version}`)),
          ),
        };
        try {
          expect(says).toEqual(is);
        } catch (error) {
          wrong.push(`${row.name}: ${String(error)}`);
        }
      },
    });
    expect(faultsSchema.parse(faults)).toEqual(faults);
    expect(wrong).toEqual([]);
    expect(faults.rows.filter(({ ends }) => ends !== 'done')).toEqual([]);
    expect(faults.rows.length).toBeGreaterThanOrEqual(25);
  }, 3_600_000);
});
