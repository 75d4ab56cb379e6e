/** Terraform's language, as `terraform fmt` writes it. */
export type Hcl = string | number | boolean | Hcl[] | { [name: string]: Hcl } | Raw | undefined;

/** Something that stands as it is: an expression, or a call. */
export class Raw {
  constructor(readonly text: string) {}
}

/** Attributes, one a line. Equals signs of neighbors stand below each other unless a value takes several lines. */
export function attributes(values: { [name: string]: Hcl }, indent: number): string {
  const entries = Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ({ name, text: expression(value, indent) }));
  const isLong = (at: number): boolean => entries[at]?.text.includes('\n') ?? true;
  const widthAt = (at: number): number => {
    let [first, last] = [at, at];
    while (!isLong(first - 1)) {
      first--;
    }
    while (!isLong(last + 1)) {
      last++;
    }
    return Math.max(...entries.slice(first, last + 1).map(({ name }) => name.length));
  };
  return entries
    .map(({ name, text }, at) => `${' '.repeat(indent)}${isLong(at) ? name : name.padEnd(widthAt(at))} = ${text}\n`)
    .join('');
}

export function expression(value: Hcl, indent: number): string {
  if (value instanceof Raw) {
    return value.text;
  }
  if (Array.isArray(value)) {
    const items = value.map((item) => expression(item, indent + 2));
    return items.some((item) => item.includes('\n'))
      ? `[\n${items.map((item) => `${' '.repeat(indent + 2)}${item},\n`).join('')}${' '.repeat(indent)}]`
      : `[${items.join(', ')}]`;
  }
  if (typeof value === 'object') {
    return `{\n${attributes(value, indent + 2)}${' '.repeat(indent)}}`;
  }
  return typeof value === 'string' ? literal(value) : String(value);
}

/** JSON's way of writing texts is Terraform's too, except for what starts a template. */
export function literal(text: string): string {
  return JSON.stringify(text).replaceAll('${', '$${').replaceAll('%{', '%%{');
}
