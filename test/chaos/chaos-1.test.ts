import { chaosSuite } from './suite.ts';

chaosSuite(1, 2);
