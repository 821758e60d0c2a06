"""What stands on the pages that make_options.py writes, around what commands and the schema say."""

OPTIONS = """\
# Options

`code-context [OPTIONS] [PATHS]...` is the whole command. This page is made from its own declarations by
`docs/reference/make_options.py`.

{about}

```
{examples}```
"""
VARIABLES = """
## Environment variables

The command line goes before the environment, the environment before the config file.

| variable | meaning |
|---|---|
| `LOOPFLOW_ENCODING`, `LOOPFLOW_AGAINST`, `LOOPFLOW_BASELINE` | the config keys of these names |
| `LOOPFLOW_AGAINST_NAME` | what to call the commit that `--against` names by its id: the branch it is of |
| `SOURCE_DATE_EPOCH` | the moment of the run, for reports that can be reproduced; in seconds since 1970 |
| `LOOPFLOW_CONFIG` | as `--config` |
| `LOOPFLOW_CACHE_DIR` | where counts are kept, instead of the user's cache directory |
| `LOOPFLOW_DATA_DIR` | where `loopflow logs` keeps what failed and originals, instead of the user's data directory |
| `LOOPFLOW_USAGE_DATABASE` | as `--database` of `loopflow usage` |
| `LOOPFLOW_MEMORY_COMMAND`, `LOOPFLOW_MEMORY_FILE` | as `--command` and `--file` of `loopflow memory` |
| `LOOPFLOW_MEMORY_URL`, `LOOPFLOW_MEMORY_TIMEOUT` | as its `--url` and `--timeout` |
| `LOOPFLOW_MEMORY_TOKEN` | what that url is shown: `Authorization: Bearer` and this |
| `LOOPFLOW_SMTP_URL`, `LOOPFLOW_SMTP_PASSWORD` | the mail server for alerts, and the password that is sent to it |
| `LOOPFLOW_WEBHOOK_SECRET` | what posts of alerts are signed with |
| `SSL_CERT_FILE` | the authorities that mail servers and webhooks are checked by, instead of the system's |
| `LOOPFLOW_SERVICE_TOKEN`, `LOOPFLOW_SERVICE_DATABASE` | what `loopflow serve` wants shown; where it keeps counts |
| `LOOPFLOW_SERVICE_TOKEN` | what `loopflow serve` wants to be shown |
| `LOOPFLOW_SERVICE_DATABASE` | where it keeps counts and tasks |
| `LOOPFLOW_ENGINE` | `table`, `toktok` or `tiktoken`, instead of what is fastest for the amount |
| `PRE_COMMIT_FROM_REF`, `PRE_COMMIT_TO_REF` | what a push sends, or a range of commits; pre-commit sets them |
| `PRE_COMMIT_REMOTE_NAME`, `PRE_COMMIT_REMOTE_BRANCH` | where a push goes |
| `PRE_COMMIT_LOCAL_BRANCH` | what is pushed, where the remote has nothing of it yet |
| `PRE_COMMIT_CHECKOUT_TYPE` | says that it is a checkout, and no range |
| `NO_COLOR`, `FORCE_COLOR`, `COLUMNS` | colour and width of what is printed |
"""
LOGS = """\
# Options of loopflow logs

`loopflow logs [OPTIONS] FILES...` reduces logs. This page is made from the command's own declarations by
`docs/reference/make_options.py`; [what it prints](logs.md), and how it ends, is on another one. What the options
override is in [`[logs]` of the config file](config.md#logs).

{about}

```
{examples}```

A file that is called like a subcommand is `./NAME`. `--log-file FILE` is FILE.
"""
MEMORY = """\
# Options of loopflow memory

`loopflow memory COMMAND` asks what failed in earlier runs. This page is made from the commands' own declarations by
`docs/reference/make_options.py`; [what they print and keep](memory.md) is on another one. What the options override
is in [`[memory]` of the config file](config.md#memory).

{about}
"""
USAGE = """\
# Options of loopflow usage

`loopflow usage COMMAND` accounts for tokens. This page is made from the commands' own declarations by
`docs/reference/make_options.py`; [what they print and keep](usage.md) is on another one. What the options override
is in [`[usage]` of the config file](config.md#usage).

{about}
"""
FUNCTION = """\
# Options of loopflow function

`loopflow function [OPTIONS] TARGETS...` prints what a model must read to work on a function. This page is made from the
command's own declarations by `docs/reference/make_options.py`; [what it prints](function.md) is on another one. What
the options override is in [`[function]` of the config file](config.md#function).
"""
CHAT = """\
# Options of loopflow chat

`loopflow chat [OPTIONS] FILE` looks at a conversation. This page is made from the command's own declarations by
`docs/reference/make_options.py`; [what it reads, counts and writes](chat.md) is on another one. What they override is
in [`[chat]` of the config file](config.md#chat).
"""
COUNT = """\
# Options of loopflow count

`loopflow count [OPTIONS] [PATHS]...` counts texts. This page is made from the command's own declarations by
`docs/reference/make_options.py`; [how to use it](../how-to/count.md) is on another one. `--format json` prints what
[its schema](count.schema.json) says.

{about}

```
{examples}```

It ends with 0; under `--check` with 1 over a budget, or where `--fit` cut something; with 2 where an input or a
reference could not be counted (the others are counted and printed, and the total is marked).
"""
AGENTS = """\
# Options of loopflow agents

`loopflow agents [OPTIONS] [DIRS]...` counts what coding agents load. This page is made from the command's own
declarations by `docs/reference/make_options.py`; [what it prints](agents.md) is on another one. Its rules are in
[`[agents]` of the config file](config.md#agents), and [what is known of each agent](agents-facts.md) is data.

{about}

```
{examples}```

A directory that is called like a subcommand is `./NAME`.
"""
SERVE = """\
# Options of loopflow serve

`loopflow serve [OPTIONS]` counts over HTTP. This page is made from the command's own declarations by
`docs/reference/make_options.py`; [what can be asked](service.md) is on another one. What the options override is in
[`[service]` of the config file](config.md#service). It needs `pip install '.[service]'`, and for PostgreSQL
`'.[service,postgres]'`.

{about}

```
{examples}```

One line on standard error says where it listens; nothing goes to standard output. It ends with 0 after SIGTERM and
with 130 after SIGINT, once what was asked is answered; a second signal ends it at once. Whatever keeps it from
beginning is exit 2.
"""
CONFIG = """\
# Config file

{about} [The schema](config.schema.json) says the same to editors; this page is made from it by
`docs/reference/make_options.py`. `code-context --show-config` shows what holds, and where each value comes from.
"""
FACTS_PAGE = """\
# What is known of each agent

What an agent loads is data in `loopflow/agents/facts.py`, and this page is made from it by
`docs/reference/make_options.py`. `source` was read in the vendor's code, `docs` in its documentation; both may fail a
check. `seen` was told by others, and can but warn. The date is that of the copy that was read.

**If a row is wrong**, correct it in `facts.py`, with what you read and when, and in `specs.py` what follows from it; a
test in `tests/agents/` shows each. For your repository alone, [`[agents.NAME]`](config.md#agentsname) of the config
says it in the same words, and adds an agent that is missing.

**Never counted**: an agent's own prompt and tools, wrappers around files, files of the home directory and of an
organisation, plugins, and what hooks print.
"""
