"""The event streams of a fake app: how the messages of a `MessageQueue` reach the client."""

from __future__ import annotations

import json
import threading
from typing import Any

from .channels import Board, MessageQueue, encoded
from .http_server import Request

HEARTBEAT = 15.0  # s between the heartbeats of a stream, as on real servers


class Disconnect(Exception):
    """The connection is to be cut."""


def carry(board: Board, x: Request, channel: MessageQueue, *, closes: bool = False) -> bool:
    """Send the messages of a queue until its last job has ended.

    Args:
        board: The lock and condition of the app.
        x: The request; its stream is open.
        channel: The messages.
        closes: Whether a message announces the end.

    Returns:
        Whether the stream ended as it should.
    """
    _watch(board, x, channel)
    while True:
        message = channel.take(HEARTBEAT)
        if message is None:
            if board.closed or channel.cut:
                channel.cut = False
                x.cut()
                return False
            if channel.hung_up:
                return False
            x.send_event(encoded({"msg": "heartbeat", "event_id": None}))
            continue
        x.send_event(encoded(message))
        if message["msg"] == "process_completed":
            with board.lock:
                channel.pending.discard(message.get("event_id", ""))
                is_last = not channel.pending and not channel.messages
            if is_last and not channel.cut:
                if closes:
                    x.send_event(encoded({"msg": "close_stream", "event_id": None}))
                channel.reader = None
                x.end_stream()
                return True


def _watch(board: Board, x: Request, channel: MessageQueue) -> None:
    """Notice on another thread that the client hangs up."""
    channel.hung_up, channel.reader = False, x

    def watch() -> None:
        if x.wait_for_hangup():
            with board.lock:
                channel.hung_up = channel.hung_up or channel.reader is x
                board.notify()

    threading.Thread(target=watch, name="fake-gradio-watch", daemon=True).start()


def carry_heartbeats(board: Board, x: Request) -> None:
    """Send heartbeats until the client hangs up."""
    x.start_stream()
    channel = MessageQueue(board)
    _watch(board, x, channel)
    while not board.closed and not channel.hung_up:
        x.send_event(b"ALIVE")
        channel.take(HEARTBEAT)
    x.cut()


def carry_simply(
    board: Board, x: Request, channel: MessageQueue | None, *, tells_error: bool
) -> None:
    """Send the values of one job in the form of the simple API.

    Args:
        board: The lock and condition of the app.
        x: The request.
        channel: The messages of the job; ``None`` if there is no such job.
        tells_error: Whether an error has a text (6.13 and later).

    Raises:
        Disconnect: The connection is to be cut.
    """
    x.start_stream()
    while channel is not None:
        message = channel.take(HEARTBEAT)
        if message is None and (board.closed or channel.cut):
            raise Disconnect
        if message is None:
            _send_named(x, "heartbeat", None)
            continue
        output = message.get("output", {})
        if message["msg"] == "process_completed" and not message["success"]:
            _send_named(x, "error", output if tells_error else None)
            break
        if message["msg"] == "process_completed":
            _send_named(x, "complete", output.get("data"))
            break
        if message["msg"] == "process_generating":
            _send_named(x, "generating", message.get("whole", output.get("data")))
    else:
        _send_named(x, "error", None)
    x.end_stream()


def _send_named(x: Request, name: str, data: Any) -> None:
    raw = f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n".encode()
    x.write(b"%x\r\n%s\r\n" % (len(raw), raw))
