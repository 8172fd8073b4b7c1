/** A title as part of a step id. */
export function slug(text: string): string {
  const plain = text
    .replaceAll(/\$\{\{.*?\}\}/g, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');
  return plain.slice(0, 40).replace(/-+$/, '') || 'step';
}
