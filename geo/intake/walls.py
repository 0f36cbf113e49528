"""The walls around a process that reads a stranger's file: what Linux offers to one without rights.

Each wall says whether it stands: in a container that forbids namespaces the others still do. Landlock holds files
(since Linux 5.13) and connections (since 6.7), a network namespace holds everything that leaves the machine.

Source   man 7 landlock, man 2 unshare; include/uapi/linux/landlock.h.
"""

import ctypes
import os
import resource
from collections.abc import Iterable
from pathlib import Path

_CLONE_NEWUSER, _CLONE_NEWNET = 0x1000_0000, 0x4000_0000
_PR_SET_NO_NEW_PRIVS = 38
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION, _PATH_BENEATH = 1, 1
_EXECUTE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 2, 1 << 3
# How many rights on files each version of Landlock knows, the last of them for version 5 and later.
_N_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}
_N_RIGHTS_NOW = 16
_NET_SINCE = 4
_BIND_OR_CONNECT = 0b11

_PAGE = 4096


class _Ruleset(ctypes.Structure):
    _fields_ = [("files", ctypes.c_uint64), ("net", ctypes.c_uint64)]


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = [("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32)]


_libc = ctypes.CDLL(None, use_errno=True)


def leave_network() -> bool:
    """Move into a network of one's own, which holds nothing. Only while the process has one thread."""
    return int(_libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)) == 0


def only_these(readable: Iterable[Path], writable: Path) -> tuple[bool, bool]:
    """Let this process read only beneath these folders, write only in that one, and connect to nothing.

    Whether the wall around files stands, and the one around connections.
    """
    version = int(_libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION))
    if version < 1:
        return False, False
    has_net = version >= _NET_SINCE
    every = (1 << _N_RIGHTS.get(version, _N_RIGHTS_NOW)) - 1
    rules = _Ruleset(every, _BIND_OR_CONNECT if has_net else 0)
    size = ctypes.sizeof(_Ruleset) if has_net else ctypes.sizeof(ctypes.c_uint64)
    ruleset = int(_libc.syscall(_CREATE_RULESET, ctypes.byref(rules), ctypes.c_size_t(size), 0))
    if ruleset < 0:
        return False, False
    try:
        for folder in readable:
            _allow(ruleset, folder, _EXECUTE | _READ_FILE | _READ_DIR)
        _allow(ruleset, writable, every & ~_EXECUTE)
        stands = _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 and _libc.syscall(_RESTRICT_SELF, ruleset, 0) == 0
    finally:
        os.close(ruleset)
    return stands, stands and has_net


def _allow(ruleset: int, folder: Path, rights: int) -> None:
    if not folder.is_dir():
        return
    handle = os.open(folder, os.O_PATH | os.O_CLOEXEC)
    try:
        rule = _Beneath(rights, handle)
        _libc.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, ctypes.byref(rule), 0)
    finally:
        os.close(handle)


def limit(*, more_memory_bytes: int, cpu_seconds: int, file_bytes: int) -> None:
    """Bound what this process may still take: memory beyond what it holds now, computing time, files it writes."""
    held = int(Path("/proc/self/statm").read_text().split()[0]) * _PAGE
    for what, most in (
        (resource.RLIMIT_AS, held + more_memory_bytes),
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_FSIZE, file_bytes),
        (resource.RLIMIT_NOFILE, 128),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))
