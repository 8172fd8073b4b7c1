import { chaosSuite } from './suite.ts';

chaosSuite(24);
