"""Google's RPC conventions: one coroutine for each method, answered over REST and over gRPC.

A service is its full name and its methods: `{"ListLogEntries": coroutine}`. What a method takes and gives is a protobuf
message of `messages.message_class`; an iterator of messages where it streams. It says no by raising `errors.RpcError`.
"""

from submit.emulator.rpc.caller import Caller, caller
from submit.emulator.rpc.errors import RpcError
from submit.emulator.rpc.grpc_service import grpc_handler
from submit.emulator.rpc.messages import message_class
from submit.emulator.rpc.rest import RestApp

__all__ = ["Caller", "RestApp", "RpcError", "caller", "grpc_handler", "message_class"]
