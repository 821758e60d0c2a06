"""What secrets look like: one row a format, each with the page on which its provider says so.

A row is tried only where one of its literals stands, and is anchored: there is no rule about randomness alone, because
commit ids, checksums and UUIDs are no secrets. Every pattern begins at its literal, is bounded by some 4 KiB, and costs
no more than a small multiple of the bytes it looks at: where it would scan far to find nothing, it matches what it
scanned, without a group, and the search goes on behind it. The group that is set is the secret. Prefixes that are no
words need nothing before them, since whatever stands there can be glued to a secret; the others begin no word's middle.
"""

from typing import NamedTuple

# Not within a word. What ends a colour, an escape in JSON or an encoded character in a URL is no part of one.
_START = rb"(?:(?<![A-Za-z0-9])|(?<=[0-9;\[]m)|(?<=\\[nrtbf])|(?<=%[0-9A-Fa-f]{2})|(?<=\\u00[0-9A-Fa-f]{2}))"


class Format(NamedTuple):
    """One format of a secret: its name in the mark, where to look, what is hidden, and who says so."""

    kind: bytes
    literals: tuple[bytes, ...]
    pattern: bytes
    source: str


def _format(kind: str, literals: str, pattern: bytes, source: str) -> Format:
    return Format(kind.encode(), tuple(literals.encode().split()), pattern.replace(b"START", _START), source)


FORMATS = (
    _format(
        "aws-key",
        "AKIA ASIA",
        rb"(?P<secret>A[KS]IA[A-Z0-9]{16,124}+)",
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html",
    ),
    _format(
        "slack-webhook",
        "hooks.slack.com/",
        rb"hooks\.slack\.com/(?:services|workflows|triggers)/(?P<secret>[A-Za-z0-9/]{24,1000})",
        "https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks",
    ),
)

# Each of these has LONG letters, digits, `_` and `-` in a row, which begin at most NEAR bytes behind its literal: two
# parts of a JWT or of a key of SendGrid can be shorter, with a dot between. Few lines have such a row.
LONG = 24
NEAR = 28
LONG_FORMATS = (
    _format(
        "aws-signature",
        "X-Amz-Signature=",
        rb"X-Amz-Signature=(?P<secret>[0-9a-f]{64})",
        "https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html",
    ),
    _format(
        "github-token",
        "ghp_ gho_ ghu_ ghs_ ghr_ github_pat_",
        rb"(?P<secret>(?:gh[pousr]|github_pat)_[A-Za-z0-9_]{36,4000}(?:\.[\w-]{8,1000}){0,2})",
        "https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/about-authentication-to-github",
    ),
    _format(
        "gitlab-token",
        "glpat- gldt- glrt- glcbt- glptt- glft- glsoat- glimt- glagent- gloas-",
        rb"(?P<secret>gl[a-z]{2,5}-[\w-]{20,1000}(?:\.[\w-]{2,1000}){0,2})",
        "https://docs.gitlab.com/security/tokens/#token-prefixes",
    ),
    _format(
        "slack-token",
        "xoxa- xoxb- xoxe- xoxe. xoxo- xoxp- xoxr- xoxs- xapp-",
        rb"(?P<secret>x(?:ox[abeoprs]|app)(?:\.xox[bp])?-[A-Za-z0-9-]{20,4000})",
        "https://docs.slack.dev/authentication/tokens",
    ),
    _format(
        "stripe-key",
        "sk_live_ rk_live_ sk_test_ rk_test_ whsec_",
        rb"(?P<secret>(?:[sr]k_(?:live|test)|whsec)_[A-Za-z0-9]{24,1000})",
        "https://docs.stripe.com/keys",
    ),
    _format(
        "anthropic-key",
        "sk-ant-",
        rb"(?P<secret>sk-ant-[\w-]{20,4000})",
        "https://docs.claude.com/en/api/overview",
    ),
    _format(
        "google-key",
        "AIza GOCSPX- ya29.",
        rb"(?P<secret>(?:AIza[\w-]{35,1000}|GOCSPX-[\w-]{24,1000}|ya29\.[\w-]{24,4000}(?:\.[\w-]{1,1000})?))",
        "https://cloud.google.com/docs/authentication/api-keys",
    ),
    _format(
        "sendgrid-key",
        "SG.",
        rb"(?P<secret>SG\.[\w-]{20,24}\.[\w-]{32,1000})",
        "https://www.twilio.com/docs/sendgrid/ui/account-and-settings/api-keys",
    ),
    _format(
        "npm-token",
        "npm_",
        rb"(?P<secret>npm_[A-Za-z0-9]{36,1000})",
        "https://docs.npmjs.com/about-access-tokens",
    ),
    _format(
        "pypi-token",
        "pypi-AgE",
        rb"(?P<secret>pypi-AgE[\w-]{30,4000})",
        "https://docs.pypi.org/api/secrets/",
    ),
    _format(
        "huggingface-token",
        "hf_ api_org_",
        rb"(?P<secret>(?:hf|api_org)_[A-Za-z0-9]{34,1000})",
        "https://huggingface.co/docs/hub/security-tokens",
    ),
    _format(
        "digitalocean-token",
        "dop_v1_ doo_v1_ dor_v1_",
        rb"(?P<secret>do[opr]_v1_[0-9a-f]{64,1000})",
        "https://docs.digitalocean.com/reference/api/create-personal-access-token/",
    ),
    _format(
        "docker-token",
        "dckr_pat_ dckr_oat_",
        rb"(?P<secret>dckr_[po]at_[\w-]{20,1000})",
        "https://docs.docker.com/security/access-tokens/",
    ),
    _format(
        "shopify-token",
        "shpat_ shpca_ shppa_ shpss_",
        rb"(?P<secret>shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32,1000})",
        "https://shopify.dev/docs/apps/build/authentication-authorization/access-tokens",
    ),
    _format(
        "vault-token",
        "hvs. hvb. hvr.",
        rb"(?P<secret>hv[sbr]\.[\w-]{24,4000})",
        "https://developer.hashicorp.com/vault/docs/concepts/tokens#token-prefixes",
    ),
    _format(
        "databricks-token",
        "dapi",
        rb"(?P<secret>dapi[0-9a-f]{32,64}(?:-[0-9])?)",
        "https://docs.databricks.com/aws/en/dev-tools/auth/pat",
    ),
    _format(
        "grafana-token",
        "glsa_ glc_eyJ",
        rb"(?P<secret>glsa_[A-Za-z0-9]{32}_[0-9a-f]{8}|glc_eyJ[A-Za-z0-9]{17,1000}[A-Za-z0-9+/]{0,1000}={0,2})",
        "https://grafana.com/docs/grafana/latest/administration/service-accounts/",
    ),
    _format(
        "atlassian-token",
        "ATATT3",
        rb"(?P<secret>ATATT3[\w-]{20,4000}[\w=-]{0,64})",
        "https://support.atlassian.com/atlassian-account/docs/manage-api-tokens-for-your-atlassian-account/",
    ),
    _format(
        "rubygems-key",
        "rubygems_",
        rb"(?P<secret>rubygems_[0-9a-f]{48,1000})",
        "https://guides.rubygems.org/api-key-scopes/",
    ),
    # Last, since they begin no word: what stands before them can be a secret of another kind.
    _format(
        "openai-key",
        "sk-",
        rb"START(?P<secret>sk-(?:(?:proj|svcacct|admin|or-v1)-[\w-]{20,4000}|(?=[A-Za-z]{0,60}[0-9])[A-Za-z0-9]{32,1000}))",
        "https://platform.openai.com/docs/api-reference/authentication",
    ),
    _format(
        "jwt",
        "eyJ",
        rb"START(?P<secret>eyJ[\w-]{8,4000}+(?:\.[\w-]{2,4000}){1,4})|eyJ[\w-]*",
        "https://www.rfc-editor.org/rfc/rfc7519#section-3.1",
    ),
)
