import { chaosSuite } from './suite.ts';

chaosSuite(252, 1, 2);
