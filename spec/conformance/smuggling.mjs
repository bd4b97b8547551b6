// Bytes that two readers may take for different requests, and what a node makes of them. A row is a
// name, the bytes, and the statuses of all answers; then which of the ids A and B are set, and `end`
// if the node closes the connection. The bytes are sent to a node by smuggling.test.mjs, and through
// proxies by docs/test/smuggling.test.mjs.

// Ids of 39 digits stand in for these, so that lengths stay as they are.
export const A = "A".repeat(39);
export const B = "B".repeat(39);

const HOST = "Host: x\r\n";
const HEAD = `POST /${A} HTTP/1.1\r\n${HOST}`;
// What an attacker would have a node see, and a proxy not.
const SECOND = `POST /${B} HTTP/1.1\r\n${HOST}\r\n`;
const TE = "Transfer-Encoding: chunked\r\n";

const post = (fields, body = "") => `${HEAD}${fields}\r\n${body}`;
const sized = (body) => `Content-Length: ${body.length}\r\n\r\n${body}`;
const chunks = (body) => post(TE, body);
const last = "0\r\n\r\n";

const LENGTHS = [
  ["a length", post("Content-Length: 5\r\n", "hello"), "201 A"],
  ["a length of 0", post("Content-Length: 0\r\n", SECOND), "201 201 AB"],
  ["a request in a body", HEAD + sized(SECOND), "201 A"],
  ["a request in the body of a GET", `GET /${A}?timeout=0 HTTP/1.1\r\n${HOST}${sized(SECOND)}`, "204"],
  ["a request in the body of OPTIONS", `OPTIONS /${A} HTTP/1.1\r\n${HOST}${sized(SECOND)}`, "204"],
  ["a request in the body of PUT", `PUT /${A} HTTP/1.1\r\n${HOST}${sized(SECOND)}`, "405 end"],
  ["white space around a length", post("Content-Length: \t 5 \t\r\n", "hello"), "201 A"],
  ["zeros before a length", post("Content-Length: 0000000000000000000005\r\n", "hello"), "201 A"],
  ["a length in any case", post("cOnTeNt-LeNgTh:5\r\n", "hello"), "201 A"],
  ...Object.entries({
    "a plus": "+5", "a minus": "-5", "minus zero": "-0", "a comma": "5,", "a list": "5, 5",
    "a list of others": "5, 6", "a semicolon": "5;", "hex": "0x5", "a fraction": "5.0",
    "an exponent": "5e0", "a space inside": "0 5", "nothing": "", "a word": "five", "quotes": '"5"',
    "a vertical tab": "5\v", "a form feed": "\f5", "a NUL": "5\0", "a control": "5\x01",
    "a no-break space": "\xa05", "2 to the 63rd": "9223372036854775808", "an underscore": "1_0",
    "2 to the 64th and 5": "18446744073709551621", "a bare CR": "5\r",
    "Arabic digits": "\xd9\xa5",
  }).map(([name, value]) =>
    [`a length with ${name}`, post(`Content-Length: ${value}\r\n`, `hello${SECOND}`), "400 end"]),
  ["a length of 2 to the 32nd and 5", post("Content-Length: 4294967301\r\n", "hello"), "413 end"],
  ["a length of 2 to the 63rd less 1", post("Content-Length: 9223372036854775807\r\n"), "413 end"],
  ["the same length twice", post("Content-Length: 5\r\n".repeat(2), "hello"), "400 end"],
  ["two lengths", post(`Content-Length: 0\r\nContent-Length: ${SECOND.length}\r\n`, SECOND), "400 end"],
  ["a space before the colon", post("Content-Length : 5\r\n", "hello"), "400 end"],
  ["a tab before the colon", post("Content-Length\t: 5\r\n", "hello"), "400 end"],
  ["a length that is folded", post("Content-Length:\r\n 5\r\n", "hello"), "400 end"],
  ["a length behind a fold", post(`X: y\r\n Content-Length: ${SECOND.length}\r\n`, SECOND), "400 end"],
  ["a space before a length", `POST /${A} HTTP/1.1\r\n Content-Length: 5\r\n${HOST}\r\nhello`, "400 end"],
  ["a length behind a bare LF", post("X: y\nContent-Length: 5\r\n", "hello"), "400 end"],
  ["a length behind a bare CR", post("X: y\rContent-Length: 5\r\n", "hello"), "400 end"],
  ["a NUL in the name of a length", post("Content\0-Length: 5\r\n", "hello"), "400 end"],
  ["a control before a length", post("\x01Content-Length: 5\r\n", "hello"), "400 end"],
  ["another name of a length", post("Content_Length: 5\r\n", SECOND), "201 201 AB"],
  ["a length that Connection names", post(`Connection: Content-Length\r\nContent-Length: ${
    SECOND.length}\r\n`, SECOND), "201 A"],
];

const CODINGS = [
  ["chunks", chunks(`5\r\nhello\r\n${last}`), "201 A"],
  ["a request in a chunk", chunks(`${SECOND.length.toString(16)}\r\n${SECOND}\r\n${last}`), "201 A"],
  ["a request behind chunks", chunks(`0\r\n\r\n${SECOND}`), "201 201 AB"],
  ["a coding in any case", post("tRaNsFeR-eNcOdInG:cHuNkEd\r\n", last), "201 A"],
  ["white space around a coding", post("Transfer-Encoding: \t chunked \t\r\n", last), "201 A"],
  ...Object.entries({
    "twice in a list": "chunked, chunked", "and identity": "chunked, identity",
    "behind identity": "identity, chunked", "behind gzip": "gzip, chunked", "misspelt": "xchunked",
    "with a parameter": "chunked;q=1", "in quotes": '"chunked"', "behind a comma": ", chunked",
    "before a comma": "chunked,",
    "that is none": "", "that is identity": "identity", "with Latin-1": "chun\xe7ed",
    "in a long s": "chunk\xc5\xbfed", "before a no-break space": "chunked\xa0", "with a dot": "chunked.",
    "with a space inside": "chun ked",
  }).map(([name, value]) =>
    [`a coding ${name}`, post(`Transfer-Encoding: ${value}\r\n`, `0\r\n\r\n${SECOND}`), "501 end"]),
  ["a coding with a control", post("Transfer-Encoding: \x01chunked\r\n", last), "400 end"],
  ["a coding before a control", post("Transfer-Encoding: chunked\x01\r\n", last), "400 end"],
  ["a coding with a vertical tab", post("Transfer-Encoding: \vchunked\r\n", last), "400 end"],
  ["a coding with a NUL", post("Transfer-Encoding: chunked\0\r\n", last), "400 end"],
  ["a coding twice", post(TE + TE, last), "501 end"],
  ["identity and chunked", post(`Transfer-Encoding: identity\r\n${TE}`, last), "501 end"],
  ["a coding and a length", post(`${TE}Content-Length: 5\r\n`, last), "400 end"],
  ["a length and a coding", post(`Content-Length: 5\r\n${TE}`, last), "400 end"],
  ["a coding and a length of 0", post(`${TE}Content-Length: 0\r\n`, `5\r\nhello\r\n${last}`), "400 end"],
  ["an unknown coding and a length", post("Transfer-Encoding: x\r\nContent-Length: 5\r\n", last), "501 end"],
  ["a space before the colon of a coding", post("Transfer-Encoding : chunked\r\n", last), "400 end"],
  ["a coding that is folded", post("Transfer-Encoding:\r\n chunked\r\n", last), "400 end"],
  ["a coding that is folded inside", post("Transfer-Encoding\r\n : chunked\r\n", last), "400 end"],
  ["a coding behind a fold", post(`X: y\r\n\t${TE}`, last), "400 end"],
  ["a coding behind a bare LF", post(`X: y\n${TE}`, last), "400 end"],
  ["a coding behind a bare CR", post(`X: y\r${TE}`, last), "400 end"],
  ["a coding behind a CR at its line's start", post(`X: y\r\n\r${TE}`, last), "400 end"],
  ["a coding behind a NUL", post(`\0${TE}`, last), "400 end"],
  ["another name of a coding", post("Transfer_Encoding: chunked\r\n", SECOND), "201 201 AB"],
  ["the coding of the content", post("Content-Encoding: chunked\r\n", SECOND), "201 201 AB"],
  ["a coding that Connection names", post(`Connection: Transfer-Encoding\r\n${TE}`, last), "201 A"],
  ["a coding of HTTP/1.0", `POST /${A} HTTP/1.0\r\nConnection: keep-alive\r\n${HOST}${TE}\r\n${last}`,
    "400 end"],
  ["a coding and a length of HTTP/1.0", `POST /${A} HTTP/1.0\r\n${HOST}Content-Length: 5\r\n${TE}\r\n${
    last}`, "400 end"],
];

const CHUNKS = [
  ["an extension", chunks(`5;a=b\r\nhello\r\n${last}`), "201 A"],
  ["an extension of the last chunk", chunks(`0;a=b\r\n\r\n${SECOND}`), "201 201 AB"],
  ["zeros before a size", chunks(`00000005\r\nhello\r\n00\r\n\r\n${SECOND}`), "201 201 AB"],
  ["a size in capitals", chunks(`A\r\nhellohello\r\n${last}`), "201 A"],
  ["an extension in quotes", chunks(`5;a="b;c"\r\nhello\r\n${last}`), "201 A"],
  ["trailers", chunks(`0\r\nX: y\r\n\r\n${SECOND}`), "201 201 AB"],
  ["a length in trailers", chunks(`0\r\nContent-Length: ${SECOND.length}\r\n\r\n${SECOND}`), "201 201 AB"],
  ["a coding in trailers", chunks(`0\r\n${TE}\r\n${SECOND}`), "201 201 AB"],
  ...Object.entries({
    "a bare LF behind a size": "5\nhello\r\n", "a bare CR behind a size": "5\rhello\r\n",
    "a size with 0x": "0x5\r\nhello\r\n", "a size with a plus": "+5\r\nhello\r\n",
    "a size with a minus": "-5\r\nhello\r\n", "a size with an underscore": "0_5\r\nhello\r\n",
    "a space before a size": " 5\r\nhello\r\n", "a tab before a size": "\t5\r\nhello\r\n",
    "a size with a letter": "5h\r\nhello\r\n", "no size": "\r\nhello\r\n",
    "a size with a comma": "5,5\r\nhello\r\n", "a size that is a letter": "g\r\nhello\r\n",
    "a size with a NUL": "5\0\r\nhello\r\n", "a size in other digits": "\xd9\xa5\r\nhello\r\n",
    "a size with a space inside": "5 5\r\nhello\r\n",
    "a size of 2 to the 32nd and 5": "100000005\r\nhello\r\n",
    "a size of 2 to the 64th and 5": "10000000000000005\r\nhello\r\n",
    "a size of 2 to the 31st": "80000000\r\nhello\r\n",
    "a size of 2 to the 32nd less 1": "ffffffff\r\nhello\r\n",
    "a size of 20 digits": "fffffffffffffffffff5\r\nhello\r\n",
    "a bare LF in an extension": "5;a\nb\r\nhello\r\n", "a bare CR in an extension": "5;a\rb\r\nhello\r\n",
    "a bare LF behind an extension": "5;a=b\nhello\r\n",
    "a line end in a quoted extension": '5;a="\r\n"\r\nhello\r\n',
    "a NUL in an extension": "5;a=\0\r\nhello\r\n",
    "a chunk longer than its size": "5\r\nhelloX\r\n", "a chunk shorter than its size": "6\r\nhello\r\n",
    "a bare LF behind a chunk": "5\r\nhello\n", "a bare CR behind a chunk": "5\r\nhello\r",
    "two CR behind a chunk": "5\r\nhello\r\r\n", "no end of a chunk": "5\r\nhello",
    "an empty line behind a chunk": "5\r\nhello\r\n\r\n",
    "other bytes for a chunk's end": "5\r\nhelloXX",
  }).map(([name, bytes]) => [name, chunks(`${bytes}0\r\n\r\n${SECOND}`), "400 end"]),
  ["a space behind a size", chunks(`5 \r\nhello\r\n${last}`), "400 end"],
  ["a space before an extension", chunks(`5 ;a\r\nhello\r\n${last}`), "201 A"],
  ["a request for trailers", chunks(`0\r\n${SECOND}`), "400 end"],
  ["a bare LF behind the last size", chunks(`0\n\r\n${SECOND}`), "400 end"],
  ["a bare LF behind the trailers", chunks(`0\r\n\n${SECOND}`), "400 end"],
  ["a bare LF in trailers", chunks(`0\r\nX: y\n\r\n${SECOND}`), "400 end"],
  ["a bare CR in trailers", chunks(`0\r\nX: y\rz\r\n\r\n${SECOND}`), "400 end"],
  ["a trailer that is folded", chunks(`0\r\nX: y\r\n z\r\n\r\n${SECOND}`), "400 end"],
  ["a trailer that begins with a space", chunks(`0\r\n X: y\r\n\r\n${SECOND}`), "400 end"],
  ["a trailer without a name", chunks(`0\r\n: y\r\n\r\n${SECOND}`), "400 end"],
  ["a trailer with a space before its colon", chunks(`0\r\nX : y\r\n\r\n${SECOND}`), "400 end"],
  ["a NUL in trailers", chunks(`0\r\nX: \0\r\n\r\n${SECOND}`), "400 end"],
];

const LINES = [
  ["a bare LF behind the request line", `POST /${A} HTTP/1.1\n${HOST}\r\n`, "400 end"],
  ["a bare LF behind a field", `POST /${A} HTTP/1.1\r\nHost: x\n\r\n`, "400 end"],
  ["a bare LF at the end of the head", `POST /${A} HTTP/1.1\r\n${HOST}\n`, "400 end"],
  ["bare LF all the way", `POST /${A} HTTP/1.1\nHost: x\n\n`, "400 end"],
  ["a bare CR for a line end", `POST /${A} HTTP/1.1\rHost: x\r\r\n${HOST}\r\n`, "400 end"],
  ["a CR before a line end", `POST /${A} HTTP/1.1\r\r\n${HOST}\r\n`, "400 end"],
  ["a CR before the end of the head", `${HEAD}\r\r\n`, "400 end"],
  ["empty lines before a request", `\r\n\r\n\r\n${SECOND}`, "201 B"],
  ["a NUL before a request", `\0${SECOND}`, "400 end"],
  ["a space before a request", ` ${SECOND}`, "400 end"],
  ["a tab before a request", `\t${SECOND}`, "400 end"],
  ["a byte order mark before a request", `\xef\xbb\xbf${SECOND}`, "400 end"],
  ["two spaces before the target", `POST  /${A} HTTP/1.1\r\n${HOST}\r\n`, "400 end"],
  ["two spaces before the version", `POST /${A}  HTTP/1.1\r\n${HOST}\r\n`, "400 end"],
  ["a tab before the target", `POST\t/${A} HTTP/1.1\r\n${HOST}\r\n`, "400 end"],
  ["a space in the target", `POST /${A} /${B} HTTP/1.1\r\n${HOST}\r\n`, "400 end"],
  ["a NUL in the target", `POST /${A}\0 HTTP/1.1\r\n${HOST}\r\n`, "400 end"],
  ["a request of HTTP/0.9", `POST /${A}\r\n${SECOND}`, "400 end"],
  ["a version in lower case", `POST /${A} http/1.1\r\n${HOST}\r\n`, "400 end"],
  ["a version with two digits", `POST /${A} HTTP/1.10\r\n${HOST}\r\n`, "400 end"],
  ["a version with a NUL", `POST /${A} HTTP/1.1\0\r\n${HOST}\r\n`, "400 end"],
  ["a version with a space", `POST /${A} HTTP/1.1 \r\n${HOST}\r\n`, "400 end"],
  ["another protocol", `POST /${A} HTTQ/1.1\r\n${HOST}\r\n`, "400 end"],
  ["another version", `POST /${A} HTTP/2.0\r\n${HOST}\r\n`, "505 end"],
  ["a version to come", `POST /${A} HTTP/1.2\r\n${HOST}\r\n`, "201 A"],
  ["a method in lower case", `post /${A} HTTP/1.1\r\n${HOST}\r\n`, "405"],
  ["a method that is no token", `PO(ST /${A} HTTP/1.1\r\n${HOST}\r\n`, "400 end"],
  ["a method with a NUL", `PO\0ST /${A} HTTP/1.1\r\n${HOST}\r\n`, "400 end"],
];

const FIELDS = [
  ["a field that is folded", post("X: y\r\n z\r\n"), "400 end"],
  ["a NUL in a field", post("X: y\0z\r\n"), "400 end"],
  ["a bare CR in a field", post("X: y\rz\r\n"), "400 end"],
  ["a field without a colon", post("X\r\n"), "400 end"],
  ["a field without a name", post(": y\r\n"), "400 end"],
  ["a space in a name", post("X Y: z\r\n"), "400 end"],
  ["a control in a name", post("X\x1f: z\r\n"), "400 end"],
  ["a name in Latin-1", post("\xe9: z\r\n"), "400 end"],
  ["a field of Latin-1", post("X: \xe9\r\n"), "201 A"],
  ["no host", `POST /${A} HTTP/1.1\r\n\r\n`, "400 end"],
  ["two hosts", post("Host: y\r\n"), "400 end"],
  ["two hosts in any case", post("hOsT: x\r\n"), "400 end"],
  ["an empty host", `POST /${A} HTTP/1.1\r\nHost: \r\n\r\n`, "400 end"],
  ["a host with a path", `POST /${A} HTTP/1.1\r\nHost: x/y\r\n\r\n`, "400 end"],
  ["a host with a user", `POST /${A} HTTP/1.1\r\nHost: u@x\r\n\r\n`, "400 end"],
  ["a list of hosts", `POST /${A} HTTP/1.1\r\nHost: x, y\r\n\r\n`, "400 end"],
];

const TARGETS = [
  ["an absolute target", `POST http://x/${A} HTTP/1.1\r\n${HOST}\r\n`, "201 A"],
  ["an absolute target of another host", `POST http://y/${A} HTTP/1.1\r\n${HOST}\r\n`, "201 A"],
  ["an absolute target and no host", `POST http://x/${A} HTTP/1.1\r\n\r\n`, "400 end"],
  ["an absolute target with a user", `POST http://u@x/${A} HTTP/1.1\r\n${HOST}\r\n`, "400"],
  ["an absolute target with no host", `POST http:///${A} HTTP/1.1\r\n${HOST}\r\n`, "400"],
  ["a target with two slashes", `POST //x/${A} HTTP/1.1\r\n${HOST}\r\n`, "404"],
  ["a target without a slash", `POST ${A} HTTP/1.1\r\n${HOST}\r\n`, "400"],
  ["a target with a fragment", `POST /${A}#${B} HTTP/1.1\r\n${HOST}\r\n`, "400"],
  ["a target with dots", `POST /x/../${A} HTTP/1.1\r\n${HOST}\r\n`, "404"],
  ["a target with an encoded line end", `POST /${A}%0d%0a HTTP/1.1\r\n${HOST}\r\n`, "400"],
  ["OPTIONS of all", `OPTIONS * HTTP/1.1\r\n${HOST}\r\n`, "204"],
  ["CONNECT", `CONNECT x:80 HTTP/1.1\r\n${HOST}\r\n${SECOND}`, "400 201 B"],
];

const PIPELINES = [
  ["two requests", `${HEAD}\r\n${SECOND}`, "201 201 AB"],
  ["two requests with bodies", HEAD + sized("hello") + SECOND, "201 201 AB"],
  ["three requests", `${HEAD}\r\n${SECOND}${SECOND}`, "201 201 200 AB"],
  ["bytes behind a request", post("Content-Length: 0\r\n", "hello\r\n\r\n"), "201 400 A end"],
  ["a body longer than its length", post("Content-Length: 4\r\n", `hello${SECOND}`), "201 405 A"],
  ["the end of a connection", post("Connection: close\r\n", SECOND), "201 A end"],
  ["the end among other words", post("Connection: keep-alive, close\r\n", SECOND), "201 A end"],
  ["a request behind HTTP/1.0", `POST /${A} HTTP/1.0\r\n\r\n${SECOND}`, "201 A end"],
  ["a request behind HTTP/1.0 that is kept",
    `POST /${A} HTTP/1.0\r\nConnection: keep-alive\r\n\r\n${SECOND}`, "201 201 AB"],
  ["a body of HTTP/1.0", `POST /${A} HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello`, "201 A end"],
  ["a body that is expected", post("Expect: 100-continue\r\nContent-Length: 5\r\n", "hello"), "100 201 A"],
  ["another expectation", post("Expect: 200-ok\r\nContent-Length: 5\r\n", "hello"), "417 end"],
  ["HTTP/2 by an upgrade", post("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n" +
    "HTTP2-Settings: AAMAAABkAAQAAP__\r\n", SECOND), "201 201 AB"],
  ["a WebSocket of another version", `GET / HTTP/1.1\r\n${HOST}Connection: Upgrade\r\n` +
    `Upgrade: websocket\r\nSec-WebSocket-Version: 12\r\n\r\n${SECOND}`, "426 201 B"],
  ["a WebSocket without a key", `GET / HTTP/1.1\r\n${HOST}Connection: Upgrade\r\n` +
    `Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n${SECOND}`, "400 201 B"],
];

export const ROWS = [
  ...LENGTHS, ...CODINGS, ...CHUNKS, ...LINES, ...FIELDS, ...TARGETS, ...PIPELINES,
];
