"""No secret is left in what is shown, and what is no secret is left alone.

The secrets are made up, and put together here: sites that host code look for whole ones in it.
"""

import re
import string
import sys
from types import FrameType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopflow.analysis.private_keys import hide_keys
from loopflow.analysis.redact import Redactor, redact
from loopflow.analysis.secret_patterns import FORMATS, LONG_FORMATS
from loopflow.analysis.secret_values import NAMED

MIXED = "a1B2c3D4e5F6g7H8i9J0" * 10
HEX = "0f1e2d3c4b5a69788796a5b4c3d2e1f0" * 4
UPPER = "Q7W3E5R2T6Y4U2I7"
WORDY = "aZbYcXdWeVfUgThSiRjQkPlOmNnMoLpKqJ"
DASHED = "a1_B2-c3D4e5_F6-g7H8" * 8


def _alike(kind: str, *secrets: str) -> list[tuple[str, str]]:
    return [(kind, secret) for secret in secrets]


# Three of each kind at least, each wholly secret, wherever it stands.
SECRETS = [
    *_alike("aws-key", "AKIA" + UPPER, "ASIA" + UPPER[::-1], "AKIA" + "Z" * 8 + UPPER[:8]),
    *_alike("github-token", *(f"gh{letter}_" + MIXED[:36] for letter in "pousr")),
    *_alike("github-token", "github_pat_" + MIXED[:22] + "_" + MIXED[3:62], "ghs_" + MIXED[:120]),
    *_alike("gitlab-token", "glpat-" + DASHED[:20], "gldt-" + DASHED[:20], "glrt-" + DASHED[:20] + ".01.0a1b2c3d4"),
    *_alike("slack-token", "xoxb-123456789012-" + MIXED[:24], "xoxp-" + MIXED[:40], "xapp-1-A0B1C2-" + HEX[:64]),
    *_alike("slack-token", "xoxe.xoxp-1-" + MIXED[:40]),
    *_alike("stripe-key", "sk_live_" + MIXED[:24], "rk_test_" + MIXED[:24], "whsec_" + MIXED[:32]),
    *_alike("anthropic-key", *("sk-ant-" + kind + DASHED[:90] for kind in ("api03-", "admin01-", "oat01-"))),
    *_alike("openai-key", "sk-proj-" + DASHED[:60], "sk-" + MIXED[:48], "sk-svcacct-" + DASHED[:60]),
    *_alike("google-key", "AIza" + DASHED[:35], "GOCSPX-" + DASHED[:28], "ya29." + DASHED[:60]),
    *_alike("sendgrid-key", *("SG." + DASHED[n : n + 22] + "." + DASHED[n : n + 43] for n in (0, 5, 9))),
    *_alike("jwt", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0." + DASHED[:43], "eyJ" + MIXED[:60] + ".eyJ" + MIXED[:60]),
    *_alike("jwt", "eyJ" + MIXED[:33] + "." + DASHED[:90] + "." + DASHED[:16] + "." + MIXED[:80] + "." + MIXED[:22]),
    *_alike("npm-token", "npm_" + MIXED[:36], "npm_" + MIXED[7:43], "npm_" + WORDY + "xY"),
    *_alike("pypi-token", *("pypi-AgE" + part + DASHED[:80] for part in ("IcHlwaS5vcmc", "NdGVzdC5weXBp", ""))),
    *_alike("huggingface-token", "hf_" + WORDY, "hf_" + MIXED[:34], "api_org_" + WORDY),
    *_alike("digitalocean-token", *(f"do{letter}_v1_" + HEX[:64] for letter in "por")),
    *_alike("docker-token", "dckr_pat_" + DASHED[:27], "dckr_oat_" + DASHED[:32], "dckr_pat_" + MIXED[:27]),
    *_alike("shopify-token", *(f"shp{kind}_" + HEX[:32] for kind in ("at", "ca", "pa", "ss"))),
    *_alike("vault-token", "hvs." + DASHED[:90], "hvb." + MIXED[:100], "hvr." + MIXED[:24]),
    *_alike("databricks-token", "dapi" + HEX[:32], "dapi" + HEX[4:36] + "-2", "dapi" + HEX[9:41]),
    *_alike(
        "grafana-token", "glsa_" + MIXED[:32] + "_" + HEX[:8], "glc_eyJ" + MIXED[:80] + "==", "glc_eyJ" + MIXED[:44]
    ),
    *_alike("atlassian-token", *("ATATT3xFfGF0" + DASHED[n : n + 120] + "=0A1B2C3D" for n in (0, 1, 2))),
    *_alike("rubygems-key", *("rubygems_" + HEX[n : n + 48] for n in (0, 1, 2))),
]
# What only its name tells: the line, with the secret between two bars.
NAMED_SECRETS = [
    *_alike("aws-signature", *(f"?X-Amz-Signature=|{HEX[n : n + 64]}|&X-Amz-Date=1" for n in (0, 1, 2))),
    *_alike("slack-webhook", f"https://hooks.slack.com/services/|T0A1B2C3D/B0A1B2C3D/{MIXED[:24]}|"),
    *_alike("slack-webhook", f"hooks.slack.com/triggers/|T0A1B2C3D/1234567890123/{HEX[:32]}|\\n"),
    *_alike("slack-webhook", f"'https://hooks.slack.com/workflows/|T0A1B2C3D/A0A1/1234567890/{MIXED[:24]}|'"),
    *_alike(
        "url-password", "postgres://app:|s3cr3t-p4ss|@db:5432/x", "https://:|hunter22|@h/", "redis://u:|p@ss:w0rd|@h"
    ),
    *_alike(
        "url-password",
        "https://u:|p%40ss%3Aword|@example.org/a@b",
        "amqp://me:|a/b+c=d1|@h",
        f"https://|{MIXED[:40]}|@h/r",
    ),
    *_alike("url-password", "to=https%3A%2F%2Fuser%3A|hunter%32two|%40host", "http://h:80/?u=ftp://me:|hunter22|@h"),
    # As JSON, HTML and URLs within URLs write them.
    *_alike(
        "url-password",
        r"https:\/\/user:|hunter22|@host\/x",
        r"{\"u\":\"https:\\/\\/user:|p\/ss:w0rd|@host\\/x\"}",
        r"https:\/\/:|12345|\u0040host:8080\/x",
        r"amqp:\u002f\u002fme:|hunter22|\u0040host",
        r"redis:\x2f\x2fu:|hunter22|\x40h",
        rf"https:\/\/|{MIXED[:40]}|@h\/r",
        r"https://user:|hunter22|\u0040host/x",
        "https://user:|hunt&amp;r22|&#64;host/x",
        "https:&#x2F;&#x2F;user:|hunter22|@host&#x2F;x",
        "https:&#47;&#47;user:|hunter22|&#x40;host",
        "to=https%3A//user%3A|hunter%32two|%40host/x",
        r"https:\/\/jos\u00e9:|hunter22|@host",
        r"https:\/\/me\u0040example.org:|hunter22|\u0040host",
        r"https:\/\/josé!:|hunter22|@host",
    ),
    *_alike(
        "password",
        r"?user\u003dme\u0026password\u003d|hunter22|\u0026x\u003d1",
        r"{\u0022password\u0022:\u0022|hunter22|\u0022,\u0022x\u0022:1}",
        "{&quot;password&quot;: &quot;|hunter22|&quot;, &quot;x&quot;: 1}",
        "{&#34;password&#34;:&#34;|hunt&amp;r22|&#34;}",
        "{&#039;password&#039;: &#039;|hunter22|&#039;, &#039;x&#039;: 1}",
        "{&apos;password&apos;: &apos;|hunter22|&apos;}",
    ),
    *_alike("token", r"token\u003d|0a1b2c3d4|", "&quot;token&quot;:&quot;|0a1b2c3d4|&quot;,"),
    *_alike(
        "authorization",
        "Authorization: Bearer |abcDEF123456|",
        "> authorization: Basic |dXNlcjpwYXNz|\r",
        "curl -H 'Authorization: token |0a1b2c3d4e|'",
    ),
    *_alike(
        "authorization",
        '{"Authorization": "|a1b2c3d4e5|"}',
        'Proxy-Authorization: Digest |username="u", response="0a1b2c"|',
    ),
    *_alike(
        "authorization",
        '\\u001b[1mAuthorization\\": \\"Bearer |0a1b2c3d4e|\\"',
        "authorization: Bearer |" + WORDY + "|",
    ),
    *_alike(
        "password",
        "password=|hunter22|",
        "DB_PASSWORD: |hunter-22| ",
        '"password": "|a b\\"c d e 1|"',
        "passwd = '|pass word|'",
    ),
    *_alike(
        "password",
        "--password |hunter22| -v",
        "<password>|hunter22|</password>",
        "\x1b[1mpassword\x1b[0m=\x1b[31m|hunter22|\x1b[0m",
    ),
    *_alike(
        "password",
        '{\\"password\\":\\"|hun\\\\ter22|\\"}',
        "x?password=|hunter22|&user=me",
        "password%3D|hunter22|",
        "passphrase: |correcthorse|",
    ),
    *_alike(
        "password",
        'password: str = "|hunter22|"',
        "params['password'] = '|hunter22|'",
        "password=|changeit| -Dx=y",
        'password="|hunter22x|',
    ),
    *_alike(
        "password",
        "password=|pa&ss;w,ord|&x=1",
        "password=|hunter22|, user=me",
        'password=\\"|hunter22|\\"',
        "password1=|hunter22|",
    ),
    *_alike(
        "secret",
        "client_secret=|0a1b2c3d|",
        f"AWS_SECRET_ACCESS_KEY=|{MIXED[:20]}/+{MIXED[:18]}|",
        'secretKey: "|x!y@(z)12|"',
    ),
    *_alike(
        "secret",
        "secret_key_base: |" + HEX + "|",
        "SECRET=|" + WORDY + "|",
        "SECRET=|correcthorse|",
        "secret='|correcthorse|'",
        "--client-secret |0a1b2c3d|",
    ),
    *_alike(
        "token",
        "token=|0a1b2c3d4|",
        "auth_token: '|0a1b2c3d4|'",
        "X-Auth-Token: |0a1b2c3d4|",
        "?authToken=|0a1b2c3d4|&x=1",
    ),
    *_alike(
        "token",
        "token: Bearer |0a1b2c3d4|",
        f"invalid token: |{HEX[:40]}|",
        "$ export GITHUB_TOKEN=|" + HEX[:40] + "|\r",
    ),
    *_alike(
        "api-key",
        "api_key=|0a1b2c3d4|",
        "X-Api-Key: |0a1b2c3d4|",
        "apikey: '|0a1b2c3d4|'",
        f"AccountKey=|{MIXED[:40]}/+{MIXED[:40]}==|;E=x",
    ),
    *_alike("api-key", "ACCESS-KEY = |0a1b2c3d4|", "account_key=|0a1b2c3d4|", "accessKey => |0a1b2c3d4|"),
]
NEAR_MISSES = [
    "commit 3b18e512dba79e4c8300dd08aeb37f8e728b8dad",
    "id 550e8400-e29b-41d4-a716-446655440000",
    "sha256:" + HEX[:64],
    'integrity="sha512-' + MIXED[:86] + '=="',
    "/home/me/src/secret/token/password/file.py:12:34: error",
    "token=None",
    "password: ***",
    "password=",
    "docker login --password-stdin registry.example.org",
    "secret_key_base missing",
    "tokens=12345678",
    "max_tokens: 10000000",
    "tests/test_auth.py::test_password_reset PASSED",
    "error: Invalid token: expected ';'",
    "Unexpected token: identifier1",
    "unexpected token: 'utf8_string'",
    "token: punctuation",
    "token: getAuthenticationTokenProvider",
    "token = lexer.nextToken();",
    "token: this.token})}},{key:",
    "token == other_token_12",
    "Token::Identifier1",
    "PublicKeyToken=b77a5c561934e089",
    "$ export GITHUB_TOKEN=[secure]",
    "GITHUB_TOKEN=$PUBLIC_GITHUB_TOKEN",
    "token: ${{ secrets.GITHUB_TOKEN1 }}",
    "password=${DB_PASSWORD}",
    "password=%DB_PASSWORD%",
    "password: required",
    "password=authentication failed for user",
    "Password: something is wrong here",
    "password generation1 of today",
    "password = getPassword()",
    "password=/run/secrets/db_password1",
    "secret: os.environ[",
    "Map<Token>identifier12 x",
    "token: 2024-01-01T00:00:00Z",
    "secret=1.2.345678",
    "token=12345678",
    "token: short1",
    "secret: correcthorse",
    "secret=something is wrong",
    "secretName: my-app-2-tls",
    "Authorization: required",
    "Authorization: Bearer authentication is required",
    "authorization failed: Unauthorized",
    "Authorization: Basic [secure]",
    "https://example.org:8080/x@2x.png",
    "https://example.org:443",
    "git+ssh://git@github.com:me/repo.git",
    "docker://nginx:1.19@sha256:" + HEX[:64],
    "https://user:***@example.org",
    "https://x-access-token:${TOKEN}@github.com",
    "https://example.org/@scope/package",
    "https%3A%2F%2Fexample.org%2Fa%40b",
    "https%3A//example.org%3A8080/a%40b",
    "https%253A%252F%252Fexample.org%253A8080%252Fa%2540b",
    r"https:\/\/example.org:8080\/x\u00402x.png",
    r"https:\/\/example.org:8080\/a@b",
    r"https:\/\/example.org\/@scope\/package",
    r"https:\/\/user:***@example.org",
    r"docker:\/\/nginx:1.19@sha256:" + HEX[:64],
    r"/^https?:\/\/(.*):(.*)@/",
    r"/^(\w+:\/\/)([^:]+):([^@]+)@/",
    r"/\w+:\/\/\w+:\w+@\S+/",
    r"{\u0022u\u0022:\u0022x:\/\/y\u0022,\u0022to\u0022:\u0022me@example.org\u0022}",
    r"C:\Users\me:x@y",
    "https://example.org:8080/x&#64;2x.png",
    "https:&#x2F;&#x2F;example.org:8080&#x2F;a@b",
    "http://a:b/c%40d",
    r"token\u003dNone",
    "&quot;password&quot;: &quot;&quot;, &quot;user&quot;: 1",
    "http://a:b c@d",
    "should parse http://u:p@h.com/p",
    "100% of http%3A%2F%2Fhost",
    "AKIA" + UPPER[:15],
    "ghp_" + MIXED[:35],
    "ghp_thing " + MIXED[:40],
    "github_pattern",
    "glpat-" + DASHED[:19],
    "xoxb-short " + MIXED[:30],
    "sk_live_" + MIXED[:23],
    "task_live_of_everything_in_the_queue",
    "phf_" + WORDY[:33],
    "dapi" + HEX[:31],
    "sk-ant-short",
    "flask-" + MIXED[:48],
    "sk-" + WORDY,
    "AIza" + DASHED[:34],
    "SG." + DASHED[:22] + ".x",
    "eyJ" + MIXED[:40],
    "keyJ" + MIXED[:40] + "." + MIXED[:40],
    "npm_config_registry_of_the_whole_organisation",
    "pypi-AgEx",
    "dop_v1_" + HEX[:63],
    "dckr_pat_" + MIXED[:19],
    "shpat_" + HEX[:31],
    "hvs." + MIXED[:23],
    "glsa_" + MIXED[:32] + "_" + HEX[:7],
    "ATATT3" + MIXED[:19] + " ",
    "rubygems_" + HEX[:47],
    "X-Amz-Signature=" + HEX[:63],
    "https://hooks.slack.com/services/T0/B0/x",
    "-----BEGIN CERTIFICATE-----\nMII" + MIXED[:61] + "\n-----END CERTIFICATE-----",
    "-----BEGIN PUBLIC KEY-----\\nMII" + MIXED[:61] + "\\n-----END PUBLIC KEY-----",
    "could not find a PRIVATE KEY in the file",
    "no '-----BEGIN PRIVATE KEY-----' in the file",
    "the BEGIN of a PRIVATE KEY",
]
SURROUNDINGS = [
    ("", ""),
    ("a ", " b"),
    ('"', '"'),
    ("'", "',"),
    ("`", "`"),
    ("(", ")"),
    ("\\n", "\\n"),
    ('{\\"k\\":\\"', '\\"}'),
    ("\x1b[31m", "\x1b[0m"),
    ("\\u001b", "\\u001b[0m"),
    ("k%3A", "%0A"),
    ("a%3d", "%22"),
    ("https://h/?k=", "&x=y"),
    ("KEY=", "\r"),
    ("<k>", "</k>"),
]
SLASHES = ("//", r"\/\/", r"\u002f\u002f", "&#x2F;&#47;", "%2F%2F")
ATS = ("@", r"\u0040", r"\x40", "&#64;", "%40", "&#1;", "")
BODY = [MIXED[n : n + 64] for n in range(6)] + [MIXED[:20] + "=="]
KEY = ["-----BEGIN RSA PRIVATE KEY-----", *BODY, "-----END RSA PRIVATE KEY-----"]


def _leaks(secret: str, out: bytes) -> bool:
    """Say whether eight characters in a row of a secret, behind its prefix, are in a text."""
    random = re.sub(r"\A(?:[a-zA-Z]{2,8}[_.-](?:[a-z]{3,8}\d{0,2}[_-])?|AKIA|ASIA|AIza|dapi)", "", secret).encode()
    return any(random[n : n + 8] in out for n in range(max(1, len(random) - 7)))


def _key(lines: list[str], prefix: str = "", suffix: str = "") -> bytes:
    return "".join(f"{prefix}{line}{suffix}\n" for line in lines).encode()


@pytest.mark.parametrize(("kind", "secret"), SECRETS)
def test_a_secret_is_hidden_whatever_surrounds_it(kind: str, secret: str) -> None:
    for before, after in SURROUNDINGS:
        out = redact(f"{before}{secret}{after}\n".encode())
        assert not _leaks(secret, out), (before, out)
        assert out.startswith(before.encode())
        assert out.endswith(after.encode() + b"\n") or b"redacted:token" in out, out
        if not before.endswith("="):
            assert f"[redacted:{kind}]".encode() in out


@pytest.mark.parametrize(("kind", "line"), NAMED_SECRETS)
def test_what_a_name_says_is_secret_is_hidden_and_nothing_else(kind: str, line: str) -> None:
    before, secret, after = line.split("|")
    for text in (line.replace("|", ""), f"x {line.replace('|', '')}\ny"):
        out = redact(text.encode()).decode()
        assert before + f"[redacted:{kind}]" in out
        assert secret[:8] not in out.replace(before, "")
        assert secret[-8:] not in out
        assert f"[redacted:{kind}]{after}" in out


@pytest.mark.parametrize("line", NEAR_MISSES)
def test_what_is_no_secret_is_left_alone(line: str) -> None:
    for text in (line, f"2024-01-01T00:00:00Z {line}\nnext\n", f'"{line}"'):
        assert redact(text.encode()) == text.encode()


def test_every_kind_has_three_secrets_and_a_source() -> None:
    kinds = [kind for kind, _ in SECRETS + NAMED_SECRETS]
    rows = [(row.kind, row.source) for row in FORMATS + LONG_FORMATS] + [(row.kind, row.source) for row in NAMED]
    for kind, source in rows:
        assert kinds.count(kind.decode()) >= 3, kind
        assert source.startswith("https://")


def test_the_short_form_is_three_stars() -> None:
    text = f"a ghp_{MIXED[:36]} b password=hunter22 c".encode()
    assert redact(text, short=True) == b"a *** b password=*** c"
    assert Redactor(short=True).redact(_key(KEY)).count(b"***\n") == len(BODY)


@given(st.data())
def test_hidden_anywhere_among_other_texts_once_for_all_with_no_line_lost(data: st.DataObject) -> None:
    parts = st.sampled_from(
        [secret for _, secret in SECRETS]
        + [line.replace("|", "") for _, line in NAMED_SECRETS]
        + NEAR_MISSES
        + [
            "\n".join(KEY),
            "\\n".join(KEY),
            KEY[0],
            KEY[-1],
            *BODY,
            "password",
            "token=",
            "://",
            '"',
            "\\",
            "[redacted:token]",
        ]
    )
    between = st.sampled_from(["\n", " ", "", ";", '"', "\t", "\\n", "=", ": ", "@", "\x1b[0m", ","])
    listed = data.draw(st.lists(st.tuples(parts, between), max_size=8))
    text = "".join(part + gap for part, gap in listed).encode()
    out = redact(text)
    assert redact(out) == out
    assert out.count(b"\n") == text.count(b"\n")
    assert redact(redact(text, short=True), short=True) == redact(text, short=True)
    for secret in (secret for _, secret in SECRETS if f" {secret} ".encode() in text):
        assert secret.encode() not in out


@given(
    st.lists(
        st.sampled_from(
            [*KEY, *KEY, "", "x", f"token={HEX}", "-----BEGIN EC PRIVATE KEY-----"]
            + [f"a:{slash}u:hunter22{at}h" for slash in SLASHES for at in ATS]
        ),
        max_size=20,
    ),
    st.data(),
)
def test_blocks_of_a_stream_give_what_the_whole_gives(lines: list[str], data: st.DataObject) -> None:
    prefix = data.draw(st.sampled_from(["", "web-1  | ", "2024-01-01T00:00:00Z "]))
    text = _key(lines, prefix)
    redactor = Redactor()
    out = b""
    rest = text.splitlines(keepends=True)
    while rest:
        size = data.draw(st.integers(1, len(rest)))
        out += redactor.redact(b"".join(rest[:size]))
        rest = rest[size:]
    assert out == redact(text)


PIECES = st.sampled_from(
    [secret for _, secret in SECRETS]
    + [line.replace("|", "") for _, line in NAMED_SECRETS]
    + [literal.decode() for row in (*FORMATS, *LONG_FORMATS) for literal in row.literals]
    + [literal.decode() for row in NAMED for literal in row.literals]
    + ["-----BEGIN RSA PRIVATE KEY-----", "MIIEpAIBAAKCAQEA1234567890abcdef", "12", " ", "=", "@", "&#", "\\u0040"]
)


@given(st.lists(st.lists(PIECES, max_size=4).map("".join), max_size=8))
def test_lines_without_their_digits_leave_nothing_to_see(lines: list[str]) -> None:
    """Where names are sought in these, nothing else is hidden, and nothing less; also in the next lines."""
    text = "".join(line + "\n" for line in lines).encode()
    keys = text.translate(None, string.digits.encode()).split(b"\n")[:-1]
    one, other = Redactor(), Redactor()
    assert [one.redact(text, keys), one.redact(text, keys)] == [other.redact(text), other.redact(text)]


@given(st.binary(max_size=200), st.text(string.printable, max_size=200))
def test_any_bytes_keep_their_lines(raw: bytes, text: str) -> None:
    for given_text in (raw, text.encode(), raw + b"password=" + text.encode()):
        assert redact(given_text).count(b"\n") == given_text.count(b"\n")
        assert redact(redact(given_text)) == redact(given_text)


@pytest.mark.parametrize("prefix", ["", "    ", "web-1  | ", "2024-01-01T00:00:00Z ", "+", '"', "\x1b[0;32m", "k: | "])
@pytest.mark.parametrize("suffix", ["", "\r", '",', '\\n" +', "\\n\\", "\x1b[0m"])
def test_each_line_of_a_private_key_is_hidden(prefix: str, suffix: str) -> None:
    out = redact(_key(["before", *KEY, "behind"], prefix, suffix))
    assert not any(_leaks(line, out) for line in BODY)
    assert out.count(b"[redacted:private-key]" + suffix.encode() + b"\n") == len(BODY)
    assert b"before" in out
    assert b"behind" in out
    assert b"-----END RSA" in out


@pytest.mark.parametrize(
    "name", ["PRIVATE KEY", "EC PRIVATE KEY", "OPENSSH PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "PGP PRIVATE KEY BLOCK"]
)
def test_every_kind_of_private_key_is_hidden(name: str) -> None:
    for begin, end in (
        (f"-----BEGIN {name}-----", f"-----END {name}-----"),
        (f"---- BEGIN {name} ----", f"---- END {name} ----"),
    ):
        out = redact(_key(["a", begin, *BODY, end, "b"]))
        assert out == _key(["a", begin, *["[redacted:private-key]"] * len(BODY), end, "b"])


def test_headers_and_checksums_of_a_key_belong_to_it() -> None:
    encrypted = [KEY[0], "Proc-Type: 4,ENCRYPTED", "DEK-Info: AES-128-CBC,00", "", *KEY[1:]]
    assert redact(_key(encrypted)).count(b"[redacted:private-key]\n") == len(BODY)
    armoured = [KEY[0], "Comment: x", "", *BODY, "=a1B2", KEY[-1], MIXED[:64]]
    out = redact(_key(armoured))
    assert out.count(b"[redacted:private-key]\n") == len(BODY) + 1
    assert out.endswith(MIXED[:64].encode() + b"\n")


@pytest.mark.parametrize("newline", ["\\n", "\\\\n", "\\r\\n", " ", '\\n" + "', "\x1b[1m\\n\x1b[0m", "\\n', '"])
def test_a_private_key_on_one_line_is_hidden(newline: str) -> None:
    for end in (KEY[-1], ""):
        out = redact(f'x "{newline.join([*KEY[:-1], end])}" y\n{MIXED}\n'.encode())
        assert not any(_leaks(line, out.partition(b"\n")[0]) for line in BODY)
        assert out.endswith(f"y\n{MIXED}\n".encode())


@pytest.mark.parametrize(
    "lines",
    [
        ["Done. Your build exited with 1."],
        [MIXED[:64], "compiling the next thing", MIXED[:64]],
        [MIXED[:64], MIXED[:30], MIXED[:64]],
        [MIXED[:64], MIXED[:65]],
        [MIXED[:64], "-"],
        [MIXED[:64], "Comment: x", MIXED[:64]],
        ["short"],
        ["", "x" * 2000],
        ["-----END RSA PRIVATE KEY-----", MIXED[:64]],
    ],
)
def test_a_key_ends_at_the_first_line_that_is_none_of_its(lines: list[str]) -> None:
    rest = ["step " + MIXED[:64], "ok", MIXED[:64], "done"]
    out = redact(_key([KEY[0], *lines, *rest]))
    assert out.endswith(_key([lines[-1], *rest]))


def test_a_key_ends_with_the_text_or_goes_on_in_the_next() -> None:
    redactor = Redactor()
    assert redactor.redact(KEY[0].encode()) == KEY[0].encode()
    assert redactor.redact(BODY[0].encode()) == b"[redacted:private-key]"
    assert redactor.redact(b"") == b""
    assert redactor.redact(BODY[1].encode() + b"\nthe end") == b"[redacted:private-key]\nthe end"
    assert redactor.redact(BODY[1].encode()) == BODY[1].encode()


def test_a_key_on_one_line_without_an_end_ends_there() -> None:
    out = redact(f"{KEY[0]}\\n{BODY[0]}\\n\n{BODY[1]}\n".encode())
    assert out == f"{KEY[0]}\\n[redacted:private-key]\n{BODY[1]}\n".encode()


def test_a_begin_within_another_is_found() -> None:
    text = b"PRIVATE KEY BEGIN PRIVATE KEY -----BEGIN PRIVATE KEY"
    assert hide_keys(text, b"*", None) == (text, None)


HOSTILE = [
    *("x", "eyJ", "0meyJ", "ghp_", "sk-", "AKIA", "0mAKIA", "://", "://a:", 'http://a:b"@', "%3a%2f%2f%3a", "\\", '"'),
    *("password=", 'password="', "password=\\", "password ", "password=/", "token: ", "token=$", "token=abc("),
    *("authorization: basic ", 'secret: "a ', "secret=***", "secret=secret.", "PRIVATE KEY", "BEGIN "),
    *(KEY[0], KEY[0] + "\n", KEY[0] + '"', KEY[0] + "\\"),
]


@pytest.mark.parametrize("piece", HOSTILE)
@pytest.mark.parametrize("size", [1 << 18, pytest.param(1 << 23, marks=pytest.mark.long)])
def test_hostile_texts_end_after_no_more_tries_than_there_are_pieces(piece: str, size: int) -> None:
    pieces = size // len(piece)
    text = piece.encode() * pieces
    assert redact(text).count(b"\n") == text.count(b"\n")
    if size < 1 << 20:
        assert _patterns_tried(text) <= 6 * pieces + 6


def test_a_text_without_a_literal_meets_no_pattern() -> None:
    quiet = b"2024-01-01 INFO Received block of size 12 from /10.0.0.1:8080 at 100% " + HEX.encode() + b"\n"
    assert _patterns_tried(quiet * 1000) == 0
    assert redact(quiet) is quiet
    assert _patterns_tried(quiet * 1000 + b"the token\n") == 1


def test_what_was_scanned_for_nothing_is_not_scanned_again() -> None:
    assert _patterns_tried(b"eyJ" * 1000 + b" ") == 1
    assert _patterns_tried(b"http://a:" * 50 + b"\n@") == 1


def test_what_was_redacted_once_stays_so() -> None:
    once = redact(b"token: a1234567=Unexpected token: identifier1")
    assert once == b"token: [redacted:token] token: identifier1"
    assert redact(once) == once


def _patterns_tried(text: bytes) -> int:
    """Count how often a regular expression is run."""
    calls: list[object] = []

    def look(_: FrameType, event: str, what: object) -> None:
        if event == "c_call" and isinstance(getattr(what, "__self__", None), re.Pattern):
            calls.append(what)

    before = sys.getprofile()
    sys.setprofile(look)
    try:
        redact(text)
    finally:
        sys.setprofile(before)
    return len(calls)
