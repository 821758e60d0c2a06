"""Secrets that only their surroundings tell: `password=...`, `Authorization: ...`, a password in a URL.

What follows such a name is hidden only if it looks like a value: at least eight characters, no placeholder, no
variable, no path, no code, and no word of a sentence. Logs say `Invalid token: expected ';'` far more often than they
say a token. A value holds no further name with its `=` or `:` that it is turned down for, so that going on behind the
name never reads the same bytes often.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

_NAMES = "https://cheatsheetseries.owasp.org/cheatsheets/Logging_Cheat_Sheet.html#data-to-exclude"
_COLOUR = rb"(?:\x1b\[[0-9;]{0,16}m){0,3}"
_BLANK = rb"[ \t]{0,8}"
# A quote as an escape of JSON, or as HTML has it.
_QUOTE = rb"(?:\\{1,4}u002[27]|&(?:quot|apos|\#0?3[49]|\#[xX]2[27]);)"
# What is no value, whatever stands around it: masked already, a variable, a template, one of the usual words.
_PLACEHOLDER = (
    rb"(?!\*{3}|\[(?:redacted|secure|masked|filtered|hidden|protected)\b|\$[{(]|\$[A-Za-z_]\w*+(?![^\s\"';,&)}\]])"
    rb"|\{[{%]|%[A-Za-z_]\w{0,60}%|%[({]|<|\#\{|x{4}|\.{3}|-{3}"
    rb"|(?:none|null|nil|true|false|undefined|required|optional|missing|incorrect|disabled|enabled|unexpected|expected"
    rb"|invalid|change_?me|placeholder|redacted|authentication)\b|your[_-])"
)
_PATH = rb"(?:\.{0,2}|~)/[\w./@+-]*|[A-Za-z]:[\\/][\w\\/.-]*|https?:/[\w./-]*"
_CODE = rb"[A-Za-z_$][A-Za-z_.$]{2,}(?:\([^)=:]*\)?|\[)[]);,.}]*|(?:this|self)\.[\w.]+\W*"
_NUMBER = rb"v?[0-9]+(?:[.:/-][0-9]+)*[.,;)]?|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.+Z-]*"
_NO_VALUE = re.compile(rb"(?:" + _PATH + rb"|" + _CODE + rb")")
_NUMERIC = re.compile(_NUMBER)
_WORDS = re.compile(rb"[A-Za-z]+(?:[-_./][A-Za-z]+)*[-_.,;!?)\]}]*")
_ONE_CASE = re.compile(rb"(?:[A-Z]?[a-z]+|[A-Z]+)[.,;!?)]*")
_PROSE = re.compile(rb"[ \t]+[a-z]+(?![\w=:/.-])")
_FLAG = re.compile(rb"(?<![\w-])--?[A-Za-z][\w-]*\Z|(?<![\w-])--\Z")
# A mark in place of such a word counts as one: what was redacted once stays as it is.
_COMPLAINT = re.compile(
    rb"(?i)(?:unexpected|invalid|unknown|expected|illegal|missing|bad|next|current|last|this"
    rb"|redacted:[a-z-]+\]|\*{3})[ ]+\Z"
)
_BEFORE = 48
_TOKEN_DIGITS = 3
_TOKEN_LENGTH = 16


class Named(NamedTuple):
    """A name that a secret follows: how the mark calls it, how the name is written, in which form, and who says so.

    `first` is quickly sought, and without it there is none. The literals are folded: lower case, with `_` for `-`.
    `judge` says of a match whether a secret is in it.
    """

    kind: bytes
    first: bytes
    literals: tuple[bytes, ...]
    pattern: bytes
    judge: Callable[[re.Match[bytes]], bool]
    source: str


# `name=value`, `"name": "value"`, `--name value`, `<name>value</name>`, also in colours and in strings within strings.
_ASSIGNED = rb"""
    (?i:NAME)(?:[_-]?[0-9]{1,2})? (?:\\{0,3}["']\]?|ESCAPE)? COLOUR
    (?:
        BLANK (?::[ ]?(?i:&?str|string)[ ]?(?==))?
        (?::=|=>|=(?![=~>])|:(?!:)|%3[DdAa]|\\{1,4}u003[DdAa]|&\#(?:61|[xX]3[Dd]);) BLANK
        | (?P<gap>[ \t]{1,4}(?![-=:]))
        | (?P<tag>>)
    )
    COLOUR (?:(?i:bearer|basic|token)[ ]{1,2})?
    (?:
        " NONE (?P<double>(?:[^"\\QUOTED]|\\[^\r\n]){8,4000}+)(?=")
        | ' NONE (?P<single>(?:[^'\\QUOTED]|\\[^\r\n]){8,4000}+)(?=')
        | \\{1,3}["'] NONE (?P<escaped>(?:[^\\"'QUOTED]|\\(?!\\{0,2}["'])){8,4000}+)(?=\\)
        | (?:\\{0,3}["']|ESCAPE)? NONE (?P<bare>BARE)
    )
"""


def _assigned(name: bytes, quoted: bytes, bare: bytes) -> bytes:
    """Return the pattern of a name and its value, of what is not in a value in quotes, and of one without."""
    pattern = _ASSIGNED
    for word, part in ((b"NONE", _PLACEHOLDER), (b"NAME", name), (b"QUOTED", quoted), (b"BARE", bare)):
        pattern = pattern.replace(word, part)
    for word, part in ((b"COLOUR", _COLOUR), (b"BLANK", _BLANK), (b"ESCAPE", _QUOTE)):
        pattern = pattern.replace(word, part)
    return b"(?x)" + pattern


_ANY = (
    rb"(?:[^\s\"'`<>\\&;,\x00-\x1f\x7f]|\\(?![\"']|u00(?:2[27]|3[Cc]|26[\w.%\[\]-]{1,40}(?:[=:]|\\{1,4}u003)))"
    rb"|[&;,](?![\w.%\[\]-]{1,40}[=:]|[\s\"'`<>]|\Z|(?:quot|apos|lt|\#0?3[49]|\#[xX]2[27]);)){8,4000}+"
)
_TOKEN = rb"[A-Za-z0-9+/=._~%:@!*$^#-]{8,4000}+(?![({\[])"


def is_password(match: re.Match[bytes]) -> bool:
    """Whether a value after a word for a password is one: also a plain word, but none of a sentence."""
    value = match[match.lastgroup or 0]
    if not _stands(match) or _NO_VALUE.fullmatch(value):
        return False
    return not _WORDS.fullmatch(value) or (match["gap"] is None and not _PROSE.match(match.string, match.end()))


def is_secret(match: re.Match[bytes]) -> bool:
    """Whether a value after `secret` is one: as after `token`, and a plain word right after `=`."""
    start = match.start(match.lastgroup or 0)
    before = match.string[max(0, start - 2) : start].rstrip(b"\"'")
    is_word = _WORDS.fullmatch(match[match.lastgroup or 0]) is not None
    return is_token(match) or (is_word and before.endswith(b"=") and is_password(match))


def is_token(match: re.Match[bytes]) -> bool:
    """Whether a value after a word for a token, a key or a secret is one: no word, no number, nothing complained of."""
    value = match[match.lastgroup or 0]
    if not _stands(match) or _NO_VALUE.fullmatch(value) or _NUMERIC.fullmatch(value):
        return False
    if _WORDS.fullmatch(value):
        return _is_mixed(value)
    before = match.string[max(0, match.start() - _BEFORE) : match.start()]
    digits = len(value) - len(value.translate(None, b"0123456789"))
    return not _COMPLAINT.search(before) or (digits >= _TOKEN_DIGITS and len(value) >= _TOKEN_LENGTH)


def is_credential(match: re.Match[bytes]) -> bool:
    """Whether what follows `Authorization:` is more than a word."""
    value = match[match.lastgroup or 0]
    return match.lastgroup is not None and not _ONE_CASE.fullmatch(value)


def is_there(match: re.Match[bytes]) -> bool:
    """Whether the pattern found a secret at all."""
    return match.lastgroup is not None


def _stands(match: re.Match[bytes]) -> bool:
    """Whether a value without `=` or `:` before it is that of an option, or the text of an element."""
    text = match.string
    if match["tag"] is not None:
        return text.startswith(b"</", match.end())
    return match["gap"] is None or bool(_FLAG.search(text, max(0, match.start() - _BEFORE), match.start()))


def _is_mixed(value: bytes) -> bool:
    """Whether letters alone are no word: long, and their case changes as by chance (in `camelCase` it seldom does)."""
    upper = len(value) - len(value.translate(None, b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
    return len(value) >= _TOKEN_LENGTH and 3 * len(value) <= 10 * upper <= 7 * len(value)


_URLS = "https://www.rfc-editor.org/rfc/rfc3986#section-3.2.1"
# What JSON (RFC 8259, section 7) and HTML write for these. Behind such a `//` there is no name that a regular
# expression would match: those are written so too.
_ESCAPED_URL = (
    (
        rb"(?i):SLASH{2}(?:(?:[\w.%+~$!\x80-\xff-]|\\{1,4}u(?!00[23])[0-9a-f]{4}){0,255}+"
        rb":(?![(\[.\\]|[0-9]{1,5}(?!AT)(?:[/?#\s\"'<>\\&]|\Z))"
        + _PLACEHOLDER
        + rb"(?:(?P<password>[^\s\"'<>/]{3,1024}(?=AT)|[^\s\"'<>@]{3,1024}(?=AT))(?!ATsha256:)|[^\s\"'<>]{0,512})"
        rb"|(?P<user>(?=[A-Za-z_-]{0,255}[0-9])[\w-]{20,255}(?=AT)))?"
    )
    .replace(b"SLASH", rb"(?:\\{0,4}/|\\{1,4}(?:u00|x)2f|&#(?:47|x2f);)")
    .replace(b"AT", rb"(?:@|\\{1,4}(?:u00|x)40|&#(?:64|x40);)")
)


_ENCODED_URL = (
    rb"(?i)%3a(?:%2f%2f|//)[^\s%/:@\"'<>]{0,255}(?:%3a|:)"
    + _PLACEHOLDER
    + rb"(?P<password>(?:[^\s%\"'<>&@/]|%(?!40|2f)[0-9a-f]{2}){3,1024})(?=%40|@)"
)
_SCHEMES = rb"(?:basic|bearer|token|negotiate|ntlm|apikey|key|bot|jwt|splunk)"
NAMED = (
    Named(
        b"url-password",
        b"@",
        (b"://",),
        (
            # `host:8080/...` is no user with a password, and neither is an image with its digest.
            rb"://(?:[^\s/:@\"'<>\[\]\\?#]{0,255}:(?![0-9]{1,5}(?:[/?#\s\"'<>]|\Z))"
            + _PLACEHOLDER
            + rb"(?:(?P<password>[^\s\"'<>/]{3,1024}(?=@)|[^\s\"'<>@]{3,1024}(?=@))(?!@sha256:)|[^\s\"'<>]{0,512})"
            rb"|(?P<user>(?=[A-Za-z_-]{0,255}[0-9])[\w-]{20,255}(?=@)))?"
        ),
        is_there,
        _URLS,
    ),
    *(
        Named(b"url-password", first, literals, pattern, is_there, _URLS)
        for first, literals, pattern in (
            (b"%3", (b"%3a%2f%2f", b"%3a//"), _ENCODED_URL),
            (b"@", (b":\\",), _ESCAPED_URL),
            (b"\\u0040", (b"://", b":\\"), _ESCAPED_URL),
            (b"\\x40", (b"://", b":\\"), _ESCAPED_URL),
            (b"&#", (b"://", b":\\", b":&#"), _ESCAPED_URL),
        )
    ),
    Named(
        b"authorization",
        b"",
        (b"authorization",),
        (
            rb"(?i)authorization\\{0,3}[\"']?"
            + _COLOUR
            + _BLANK
            + rb"(?:=>|[:=,]|%3a)"
            + _BLANK
            + _COLOUR
            + rb"(?:\\{0,3}[\"'])?(?:"
            + _SCHEMES
            + rb"[ \t+]{1,4}"
            + _COLOUR
            + _PLACEHOLDER
            + rb"(?P<value>[^\s\"'<>\\,;\x1b]{8,4000})"
            rb"|(?:digest|oauth|aws4-hmac-sha256)[ \t]{1,4}" + _PLACEHOLDER + rb"(?P<rest>[^\r\n\x1b]{8,4000})"
            rb"|" + _PLACEHOLDER + rb"(?=[A-Za-z+/_=.-]{0,64}[0-9])(?P<bare>[^\s\"'<>\\,;\x1b]{8,4000}))"
        ),
        is_credential,
        "https://www.rfc-editor.org/rfc/rfc9110#section-11.6.2",
    ),
    Named(
        b"password",
        b"",
        (b"passw", b"passphrase"),
        _assigned(rb"pass(?:w(?:or)?d|phrase)", rb"\r\n", _ANY),
        is_password,
        _NAMES,
    ),
    Named(
        b"secret",
        b"",
        (b"secret",),
        _assigned(rb"secret(?:[_-]?(?:access|key|base|token|value|text|string)){0,3}", rb"\s", _ANY),
        is_secret,
        _NAMES,
    ),
    Named(
        b"token",
        b"",
        (b"token",),
        _assigned(rb"(?<!publickey)token(?:[_-]?(?:value|secret|key|string)){0,2}", rb"\s", _TOKEN),
        is_token,
        _NAMES,
    ),
    Named(
        b"api-key",
        b"",
        (b"api_key", b"apikey", b"access_key", b"accesskey", b"account_key", b"accountkey"),
        _assigned(rb"(?:api|access|account)[_-]?key", rb"\s", _TOKEN),
        is_token,
        _NAMES,
    ),
)
