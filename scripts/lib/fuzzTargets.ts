/**
 * Fuzz targets out of what `go test -list` prints: names, then the package that they are of. A target is written
 * `<package>.<name>`.
 */
export function parseTargets(text: string): string[] {
  const targets: string[] = [];
  let names: string[] = [];
  for (const line of text.split('\n')) {
    const found = /^ok\s+(\S+)/.exec(line);
    if (found) {
      targets.push(...names.map((name) => `${found[1]}.${name}`));
      names = [];
    } else if (/^Fuzz\w*$/.test(line.trim())) {
      names.push(line.trim());
    }
  }
  return targets;
}
