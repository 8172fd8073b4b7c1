import { chaosSuite } from './suite.ts';

chaosSuite(112, 1, 2);
