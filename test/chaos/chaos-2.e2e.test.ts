import { chaosSuite } from './suite.ts';

chaosSuite(120, 2, 2);
