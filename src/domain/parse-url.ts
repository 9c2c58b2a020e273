/** The address, or undefined if it is none. Not by URL.canParse: once it is hot, Node 20's refuses letters such as "Ä". */
export function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}
