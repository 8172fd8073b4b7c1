import type { WordNode } from 'just-bash';

type Part = WordNode['parts'][number];
type Expansion = Extract<Part, { type: 'ArithmeticExpansion' }>;
type Expression = Expansion['expression']['expression'];

interface Variables {
  get(name: string): string | undefined;
  set(name: string, value: string): void;
}

/** $((...)) as POSIX has it. @throws Error for what it has not */
export function arithmetic(node: Expression, variables: Variables): number {
  const value = (one: Expression): number => arithmetic(one, variables);
  switch (node.type) {
    case 'ArithNumber':
      return node.value;
    case 'ArithVariable':
    case 'ArithSpecialVar':
      return integer(variables.get(node.name));
    case 'ArithGroup':
    case 'ArithNested':
      return value(node.expression);
    case 'ArithTernary':
      return value(node.condition) !== 0 ? value(node.consequent) : value(node.alternate);
    case 'ArithUnary':
      return unary(node, variables);
    case 'ArithAssignment': {
      const right = value(node.value);
      const operator = node.operator.slice(0, -1);
      const result = operator === '' ? right : binary(operator, integer(variables.get(node.variable)), right);
      variables.set(node.variable, String(result));
      return result;
    }
    case 'ArithBinary':
      if (node.operator === '&&') return value(node.left) !== 0 && value(node.right) !== 0 ? 1 : 0;
      if (node.operator === '||') return value(node.left) !== 0 || value(node.right) !== 0 ? 1 : 0;
      return binary(node.operator, value(node.left), value(node.right));
    default:
      throw new Error(`arithmetic: ${node.type}`);
  }
}

function unary(node: Extract<Expression, { type: 'ArithUnary' }>, variables: Variables): number {
  const { operator, operand, prefix } = node;
  if (operator === '++' || operator === '--') {
    if (operand.type !== 'ArithVariable') throw new Error(`arithmetic: ${operator}`);
    const before = integer(variables.get(operand.name));
    const after = operator === '++' ? before + 1 : before - 1;
    variables.set(operand.name, String(after));
    return prefix ? after : before;
  }
  const inner = arithmetic(operand, variables);
  return operator === '-' ? -inner : operator === '!' ? (inner === 0 ? 1 : 0) : operator === '~' ? ~inner : inner;
}

function integer(text: string | undefined): number {
  const number = Number(text === undefined || text.trim() === '' ? '0' : text);
  if (Number.isNaN(number)) throw new Error(`arithmetic: ${text}`);
  return Math.trunc(number);
}

const operators: Readonly<Record<string, (a: number, b: number) => number>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => Math.trunc(a / b),
  '%': (a, b) => a % b,
  '<': (a, b) => Number(a < b),
  '<=': (a, b) => Number(a <= b),
  '>': (a, b) => Number(a > b),
  '>=': (a, b) => Number(a >= b),
  '==': (a, b) => Number(a === b),
  '!=': (a, b) => Number(a !== b),
  '<<': (a, b) => a * 2 ** b,
  '>>': (a, b) => Math.floor(a / 2 ** b),
  '&': (a, b) => a & b,
  '|': (a, b) => a | b,
  '^': (a, b) => a ^ b,
  ',': (_, b) => b,
};

function binary(operator: string, a: number, b: number): number {
  const apply = operators[operator];
  if (!apply || ((operator === '/' || operator === '%') && b === 0)) throw new Error(`arithmetic: ${operator}`);
  return apply(a, b);
}
