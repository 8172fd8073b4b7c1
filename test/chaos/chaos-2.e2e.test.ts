import { chaosSuite } from './suite.ts';

chaosSuite(252, 2, 2);
