"""CI, containers, packages and services."""

from tests.logs.failures.cases import HIGH, Expected, case

CASES = (
    case(
        "annotation",
        "##[error]src/cart.ts(2,4): no tea\n##[error]Process completed with exit code 1.\n",
        Expected("annotation", 1, 2, "no tea"),
    ),
    case(
        "commands",
        "##[group]Run echo error: nothing failed\n\x1b[36;1mif failed; then exit 1; fi\x1b[0m\nshell: bash\n"
        "##[endgroup]\n"
        "error: no tea\n",
        Expected("error", 5, 5, "error: no tea"),
    ),
    case(
        "docker build",
        '#8 ERROR: process "/bin/sh -c make" did not complete successfully: exit code: 2\n------\n > [8/9] RUN make:\n',
        Expected("docker build", 1, 3, "did not complete"),
    ),
    case(
        "apt",
        "E: Unable to locate package tea\nE: Package 'mate' has no installation candidate\n",
        Expected("apt", 1, 2, "Unable to locate"),
    ),
    case(
        "systemd",
        "web.service: Main process exited, code=exited, status=1/FAILURE\n"
        "web.service: Failed with result 'exit-code'.\n",
        Expected("systemd", 1, 1, "Main process exited"),
        Expected("systemd", 2, 2, "Failed with result"),
    ),
    case(
        "level",
        "2026/11/27 14:52:35 [error] 6473#6473: *2 open() failed (2: No such file or directory)\n"
        "2026/11/27 14:52:35 [error] 6473#6473: *9 connect() failed (111: Connection refused)\n"
        "2025-03-01 10:00:03.000 UTC [3] ERROR:  canceling statement\n2025-03-01 INFO done\n",
        Expected("level", 1, 1, "open() failed", "", HIGH),
        Expected("level", 2, 2, "connect() failed", "", HIGH),
        Expected("level", 3, 3, "canceling", "", HIGH),
    ),
)
