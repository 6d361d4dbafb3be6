/**
 * What an error says.
 *
 * @module
 */

/** Of whatever was thrown: errors of another realm (a vm context, jest) are errors, too. */
export function errorMessage(error: unknown): string {
  const message = (error as { message?: unknown } | null | undefined)?.message;
  return typeof message === "string" ? message : String(error);
}
