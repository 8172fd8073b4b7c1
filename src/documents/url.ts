/**
 * Why a request cannot go to this address, said without any part of it; undefined: it can.
 * @param instead how what is kept in it can be sent
 */
export function urlProblem(text: string, instead: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:')) return 'is no http or https address';
  return url.username === '' && url.password === '' ? undefined : `holds a user or a password; ${instead}`;
}
