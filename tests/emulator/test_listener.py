from __future__ import annotations

import asyncio
import socket

from submit.emulator.listener import listen


def test_answers_do_not_wait_for_more_to_send() -> None:
    async def accepted() -> int:
        options: list[int] = []

        def connected(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            taken = writer.get_extra_info("socket")
            options.append(taken.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        listener = listen("127.0.0.1", 0)
        async with await asyncio.start_server(connected, sock=listener):
            reader, writer = await asyncio.open_connection(*listener.getsockname())
            await reader.read()
            writer.close()
            await writer.wait_closed()
        return options[0]

    assert asyncio.run(accepted())
