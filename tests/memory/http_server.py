"""A memory server of npm over HTTP, run as a program: `http_server.py PORT HOW N COMMAND...`; it prints its port.

The official SDK answers at /mcp and passes calls of tools on to COMMAND. `serve` serves; `killed` ends it and COMMAND
when N calls were answered, `late` once N were passed on, before the answer.
"""

import os
import sys

import anyio
import uvicorn
from mcp import ClientSession, StdioServerParameters, types
from mcp.client.stdio import stdio_client
from mcp.server.lowlevel import Server


async def main(port: int, how: str, calls: int, command: list[str]) -> None:
    left = [calls]
    parameters = StdioServerParameters(command=command[0], args=command[1:], env=dict(os.environ))
    async with stdio_client(parameters) as streams, ClientSession(*streams) as session:
        await session.initialize()

        async def call(_: object, params: types.CallToolRequestParams) -> types.CallToolResult:
            left[0] -= 1
            if how == "killed" and left[0] < 0:
                os._exit(9)
            request = types.CallToolRequest(params=params)
            result = await session.send_request(request, types.CallToolResult)
            if how == "late" and left[0] <= 0:
                os._exit(9)
            return result

        app = Server("memory-over-http", version="1", on_call_tool=call).streamable_http_app()
        server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="critical", lifespan="on"))
        async with anyio.create_task_group() as group:
            group.start_soon(server.serve)
            while not server.started:  # noqa: ASYNC110  it has no event
                await anyio.sleep(0.01)
            print(server.servers[0].sockets[0].getsockname()[1], flush=True)  # noqa: T201  for who started it


if __name__ == "__main__":
    anyio.run(main, int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4:])
