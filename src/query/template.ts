/** Whether a text holds a template variable, as $name, ${name} or [[name]]. */
export function hasVariable(text: string): boolean {
  return /\$\w|\$\{[^}]+\}|\[\[[^\]]+\]\]/.test(text);
}
