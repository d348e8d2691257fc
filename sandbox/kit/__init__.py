"""What every sandbox is made of: messages, a clock, faults from a seed, a log of writes, two ways to reach it."""

from sandbox.kit.assertion import claims_of
from sandbox.kit.clock import Clock, RealClock, VirtualClock
from sandbox.kit.faults import Fault, FaultPlan
from sandbox.kit.log import Write, WriteLog
from sandbox.kit.messages import Answer, Call, NoAnswer, as_json, json_text
from sandbox.kit.platform import Platform
from sandbox.kit.transport import SandboxTransport

__all__ = [
    "Answer",
    "Call",
    "Clock",
    "Fault",
    "FaultPlan",
    "NoAnswer",
    "Platform",
    "RealClock",
    "SandboxTransport",
    "VirtualClock",
    "Write",
    "WriteLog",
    "as_json",
    "claims_of",
    "json_text",
]
