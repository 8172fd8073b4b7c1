import type { IFileSystem } from 'just-bash';

/** `test` and `[`. @returns its exit status; 2 for what it does not understand */
export async function condition(fs: IFileSystem, cwd: string, words: readonly string[]): Promise<number> {
  const parser = new Conditions(fs, cwd, words);
  const holds = await parser.all();
  return holds === undefined || !parser.atEnd ? 2 : holds ? 0 : 1;
}

class Conditions {
  readonly #fs: IFileSystem;
  readonly #cwd: string;
  readonly #words: readonly string[];
  #at = 0;

  constructor(fs: IFileSystem, cwd: string, words: readonly string[]) {
    this.#fs = fs;
    this.#cwd = cwd;
    this.#words = words;
  }

  get atEnd(): boolean {
    return this.#at >= this.#words.length;
  }

  async all(): Promise<boolean | undefined> {
    if (this.#words.length === 0) return false;
    if (this.#words.length === 1) {
      this.#at = 1;
      return this.#words[0] !== '';
    }
    return this.#or();
  }

  async #or(): Promise<boolean | undefined> {
    let left = await this.#and();
    while (this.#words[this.#at] === '-o') {
      this.#at += 1;
      const right = await this.#and();
      left = left === undefined || right === undefined ? undefined : left || right;
    }
    return left;
  }

  async #and(): Promise<boolean | undefined> {
    let left = await this.#not();
    while (this.#words[this.#at] === '-a') {
      this.#at += 1;
      const right = await this.#not();
      left = left === undefined || right === undefined ? undefined : left && right;
    }
    return left;
  }

  async #not(): Promise<boolean | undefined> {
    if (this.#words[this.#at] !== '!' || isBinary(this.#words[this.#at + 1])) return this.#primary();
    this.#at += 1;
    const inner = await this.#not();
    return inner === undefined ? undefined : !inner;
  }

  async #primary(): Promise<boolean | undefined> {
    const [first = '', second, third] = this.#words.slice(this.#at, this.#at + 3);
    if (isBinary(second) && third !== undefined) {
      this.#at += 3;
      return this.#binary(first, second ?? '', third);
    }
    if (first === '(') {
      this.#at += 1;
      const inner = await this.#or();
      if (this.#words[this.#at] !== ')') return undefined;
      this.#at += 1;
      return inner;
    }
    if (/^-[a-zA-Z]$/.test(first) && second !== undefined) {
      this.#at += 2;
      return this.#unary(first, second);
    }
    this.#at += 1;
    return first !== '';
  }

  async #binary(left: string, operator: string, right: string): Promise<boolean | undefined> {
    if (operator === '=' || operator === '==') return left === right;
    if (operator === '!=') return left !== right;
    if (operator === '-nt' || operator === '-ot')
      return operator === '-nt' ? this.#isNewer(left, right) : this.#isNewer(right, left);
    if (operator === '-ef') return this.#path(left) === this.#path(right);
    const [a, b] = [left.trim(), right.trim()];
    if (!/^[-+]?\d+$/.test(a) || !/^[-+]?\d+$/.test(b)) return undefined;
    const [x, y] = [Number(a), Number(b)];
    switch (operator) {
      case '-eq':
        return x === y;
      case '-ne':
        return x !== y;
      case '-lt':
        return x < y;
      case '-le':
        return x <= y;
      case '-gt':
        return x > y;
      default:
        return x >= y;
    }
  }

  async #unary(operator: string, word: string): Promise<boolean | undefined> {
    if (operator === '-z') return word === '';
    if (operator === '-n') return word !== '';
    if (operator === '-t') return false;
    const path = this.#path(word);
    if (word === '' || !(await this.#fs.exists(path)))
      return operator === '-L' || operator === '-h' ? this.#isLink(path) : false;
    if (operator === '-e' || operator === '-a') return true;
    if (operator === '-L' || operator === '-h') return this.#isLink(path);
    const { isDirectory, isFile, mode, size } = await this.#fs.stat(path);
    switch (operator) {
      case '-f':
        return isFile;
      case '-d':
        return isDirectory;
      case '-s':
        return isFile ? size > 0 : true;
      case '-x':
        return (mode & 0o111) !== 0 || isDirectory;
      case '-r':
      case '-w':
        return this.#isReadable(path, isFile);
      // Root made it all, as far as a machine of the lab tells.
      case '-O':
      case '-G':
        return true;
      case '-u':
        return (mode & 0o4000) !== 0;
      case '-g':
        return (mode & 0o2000) !== 0;
      case '-k':
        return (mode & 0o1000) !== 0;
      case '-S':
      case '-p':
      case '-b':
      case '-c':
        return false;
      default:
        return undefined;
    }
  }

  async #isReadable(path: string, isFile: boolean): Promise<boolean> {
    if (!isFile) return true;
    try {
      await this.#fs.readFileBuffer(path);
      return true;
    } catch {
      return false;
    }
  }

  async #isLink(path: string): Promise<boolean> {
    try {
      return (await this.#fs.lstat(path)).isSymbolicLink;
    } catch {
      return false;
    }
  }

  async #isNewer(a: string, b: string): Promise<boolean> {
    const [left, right] = [this.#path(a), this.#path(b)];
    if (!(await this.#fs.exists(left))) return false;
    if (!(await this.#fs.exists(right))) return true;
    return (await this.#fs.stat(left)).mtime > (await this.#fs.stat(right)).mtime;
  }

  #path(word: string): string {
    return this.#fs.resolvePath(this.#cwd, word);
  }
}

function isBinary(word: string | undefined): boolean {
  return word !== undefined && /^(=|==|!=|-eq|-ne|-lt|-le|-gt|-ge|-nt|-ot|-ef)$/.test(word);
}
