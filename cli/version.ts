/** The package's version; `npm run check` holds it equal to deno.json's. */
export const VERSION = "0.1.0";
