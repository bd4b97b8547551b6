// What is no node's URL, wherever the client runs.
export const NO_URLS = ['localhost:8080', 'bell.example:8080/doorbell', '127.0.0.1:8080', '[::1]:8080',
  'ftp://bell', 'ws://bell', 'file:///bell', 'javascript:alert(1)', 'data:,', 'mailto:bell', 'http:',
  'http://', 'https:///bell', 'http:bell', 'http:/bell', 'http://bell:99999',
  'http://user@bell', 'http://user:secret@bell/', 'http://bell/?q', 'http://bell?', 'http://bell/#f', '',
  undefined, null, 7, true, {}, [], NaN];
