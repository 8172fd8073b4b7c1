import { chaosSuite } from './suite.ts';

chaosSuite(504, 1, 2);
