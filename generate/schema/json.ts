/** Anything that JSON can say. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

/** A closed JSON Schema object: properties that are not named are refused. */
export function closedObject(properties: JsonObject, required: string[] = []): JsonObject {
  return { type: 'object', additionalProperties: false, ...(required.length > 0 && { required }), properties };
}

/** A value as it is after a trip through JSON. */
export function toJson(value: object): JsonObject {
  return JSON.parse(JSON.stringify(value));
}
