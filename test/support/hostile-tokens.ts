/** Tokens that a careless writer of a request turns into other ones, into other requests, or into files. */
export const hostileTokens = {
  carried: [
    'pa"ss\\word',
    "\\",
    '"',
    '" x',
    "back\\\\slashes\\n\\t",
    "# no comment",
    "a = b; c: d",
    "@/etc/passwd",
    "$(id)`id`$HOME%{http_code}",
    "a\ttab",
    "--output=/tmp/x",
    "größer-✓",
  ],
  refused: [
    'a"\noutput = "/tmp/hostile',
    "a\r\nx-injected: 1",
    "a\rb",
    "ends with a line break\n",
    "nul\u0000",
    "bell\u0007",
    "delete\u007f",
    "blank at the end ",
  ],
};
