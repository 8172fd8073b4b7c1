import { quote } from '../../transport/quote.ts';
import type { PackageManager } from '../manager.ts';
import { fetchInto, fetchPackages } from './fetch.ts';
import { install } from './install.ts';
import { reading } from './reading.ts';
import { planSwitch, switchSource } from './switch.ts';
import { upgradeOs } from './upgrade-os.ts';

export const apt: PackageManager = {
  id: 'apt',
  displayName: 'apt',
  program: 'apt',
  reading,
  planSwitch,
  switchSource,
  install,
  hold: (names) => `apt-mark hold ${names.map(quote).join(' ')}`,
  fetch: fetchPackages,
  fetchInto,
  upgradeOs,
};
