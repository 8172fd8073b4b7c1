import { remoteContract } from '../remote/contract.ts';
import { startLab } from '../../src/lab/lab.ts';
import { connectTo } from './rig.ts';

remoteContract('in the lab', async () => {
  const lab = await startLab({ controlPlanes: 1, workers: 0 });
  return { open: () => connectTo(lab, 'cp-1'), root: '/var/lib/runbook', cleanUp: () => lab.close() };
});
