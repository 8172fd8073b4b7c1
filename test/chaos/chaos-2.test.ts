import { chaosSuite } from './suite.ts';

chaosSuite(2, 2);
