import { Kind, type GraphQLResolveInfo, type SelectionSetNode } from 'graphql';

/** Names of the fields below a node, with fragments resolved: `count`, `dimensions.country`, … */
export function selectedFields(info: GraphQLResolveInfo): Set<string> {
  const found = new Set<string>();
  const walk = (set: SelectionSetNode | undefined, prefix: string): void => {
    for (const selection of set?.selections ?? []) {
      if (selection.kind === Kind.FIELD) {
        const name = selection.name.value;
        if (selection.selectionSet) {
          walk(selection.selectionSet, `${prefix}${name}.`);
        } else if (name !== '__typename') {
          found.add(prefix + name);
        }
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        walk(selection.selectionSet, prefix);
      } else {
        walk(info.fragments[selection.name.value]?.selectionSet, prefix);
      }
    }
  };
  for (const node of info.fieldNodes) {
    walk(node.selectionSet, '');
  }
  return found;
}
