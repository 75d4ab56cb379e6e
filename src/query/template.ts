/** Whether a text contains a template variable, as $name, ${name}, or [[name]]. */
export function hasVariable(text: string): boolean {
  return /\$\w|\$\{[^}]+\}|\[\[[^\]]+\]\]/.test(text);
}
