import { passesSuite } from './passes-suite.ts';
import { chaosSuite } from './suite.ts';

chaosSuite(112, 2, 2);
passesSuite(24, 20261130);
