import { chaosSuite } from './suite.ts';

chaosSuite(40);
