/** The package has no types of its own. */
declare module 'bcrypt-pbkdf' {
  const bcrypt: {
    /** Fills `key`. @returns 0 on success */
    pbkdf(
      pass: Buffer,
      passLength: number,
      salt: Buffer,
      saltLength: number,
      key: Buffer,
      keyLength: number,
      rounds: number,
    ): number;
  };
  export default bcrypt;
}
