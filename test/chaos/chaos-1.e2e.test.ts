import { chaosSuite } from './suite.ts';

chaosSuite(120, 1, 2);
