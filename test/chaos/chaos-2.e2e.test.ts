import { chaosSuite } from './suite.ts';

chaosSuite(504, 2, 2);
