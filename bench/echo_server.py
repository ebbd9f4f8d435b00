"""The baseline of the server benchmarks: picows and uvloop, one WebSocket echo, nothing else."""

import asyncio

import picows
import uvloop


class Echo(picows.WSListener):  # type: ignore[misc]
    """Sends back what comes."""

    def on_ws_frame(self, transport: picows.WSTransport, frame: picows.WSFrame) -> None:
        """One frame."""
        transport.send(picows.WSMsgType.BINARY, frame.get_payload_as_bytes())


async def main() -> None:
    """Listen on any port and print its URL."""
    server = await picows.ws_create_server(
        lambda request: Echo(), "127.0.0.1", 0, use_aiofastnet=False, backlog=4096
    )
    print(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/", flush=True)
    await asyncio.get_running_loop().create_future()


uvloop.run(main())
