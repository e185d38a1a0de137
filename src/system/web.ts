/**
 * Node's clients and servers for http and https. An `import` of their modules asks each for all it
 * exports, a WebSocket too, which loads all of undici: 20 ms and 9 MB of resident memory.
 */
export const http = process.getBuiltinModule("node:http");
export const https = process.getBuiltinModule("node:https");
