/** What scripts write into documents that people write. */

const END = "<!-- End. -->";

/** The mark before what a command writes. */
export function beginOf(command: string): string {
  return `<!-- Written by ${command} -- --write: do not edit. -->`;
}

/** The text with this between the command's mark and the next end. */
export function withMarked(text: string, command: string, content: string): string {
  const begin = beginOf(command);
  const start = text.indexOf(begin);
  const end = text.indexOf(END, start);
  if (start < 0 || end < 0) throw new Error(`There is no ${begin} and ${END}`);
  return `${text.slice(0, start)}${begin}\n\n${content}\n\n${text.slice(end)}`;
}
