"""Starter of a script's process, in the folder of the script.

It calls the script's program in a process of its own, and ends with that, or when its standard input closes because its
own starter has ended. Everything that the program started ends then, too. A program that is "confined" sees its folder,
Python and the system's libraries, and no other files and processes; nothing in the folder `hidden` either, wherever
that is.

Standard library only, and Linux only if confined. ``python -I sandbox.py ACCESS HIDDEN`` tries whether this machine
lets it be done: its program does nothing.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

# From <sched.h>, <sys/mount.h>, <linux/mount.h>, <sys/prctl.h> and <linux/capability.h>.
_NEW_MOUNTS, _NEW_IPC, _NEW_USER, _NEW_PIDS = 0x00020000, 0x08000000, 0x10000000, 0x20000000
_NO_SET_ID, _NO_DEVICES, _NO_PROGRAMS, _BIND, _RECURSIVE, _PRIVATE = 2, 4, 8, 4096, 16384, 1 << 18
_DETACH = 2
_MOUNT_SETATTR, _HERE, _WHOLE_TREE, _READ_ONLY = 442, -100, 0x8000, 1
_SET_DEATH_SIGNAL, _SET_SUBREAPER, _SET_NO_NEW_PRIVILEGES = 1, 36, 38
_CAPABILITIES_VERSION = 0x20080522

# Not 0: the user 0 of a namespace gets capabilities with each program that it starts.
_USER_INSIDE = 1000
_MEMORY_FOR_FILES = "size=64m,mode=755"
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store")
_SETTINGS = (
    *("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "alternatives", "localtime", "mime.types", "fonts"),
    *("ssl", "pki", "ca-certificates", "resolv.conf", "hosts", "nsswitch.conf", "passwd", "group", "services"),
)
_DEVICES = ("null", "zero", "full", "random", "urandom")


def run(access: str, hidden: str, program: Callable[[], None]) -> None:
    """Start the program and wait for its end; return in the program's process only, when it is done.

    The caller must be the only thread of its process.
    """
    lifeline = _take_standard_input()
    if sys.platform == "linux":
        _control(_SET_SUBREAPER, 1)
    if access == "confined":
        _enter_namespaces()
    status, status_end = os.pipe()
    init = os.fork()
    if init:
        os.close(status_end)
        ready, _, _ = select.select([status, lifeline], [], [])
        ended = int(os.read(status, 64) or signal.SIGKILL) if status in ready else signal.SIGKILL
        _end_all(init)
        _leave_like(ended)
    os.close(status)
    if sys.platform == "linux":
        _control(_SET_DEATH_SIGNAL, signal.SIGKILL)
    if access == "confined":
        _confine(str(Path.cwd()), hidden)
    script = os.fork()
    if script:
        os.write(status_end, str(_wait_for(script)).encode())
        os._exit(0)
    os.close(status_end)
    os.close(lifeline)
    program()


def _take_standard_input() -> int:
    lifeline = os.dup(0)
    devnull = os.open(os.devnull, os.O_RDONLY)
    os.dup2(devnull, 0)
    os.close(devnull)
    return lifeline


def _wait_for(script: int) -> int:
    """Return the status of the script; wait for orphans, too, whose parent is the first process of the namespace."""
    while True:
        pid, status = os.wait()
        if pid == script:
            return status


def _end_all(init: int) -> None:
    """Kill all child processes. Orphans become children of this process. With a namespace's first process, all end."""
    pids = [init]
    while pids:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for pid in pids:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)
        pids = _children()


def _children() -> list[int]:
    try:
        return [int(pid) for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()]
    except OSError:
        return []


def _leave_like(status: int) -> None:
    """End as the program did."""
    if os.WIFSIGNALED(status):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        number = os.WTERMSIG(status)
        if number != signal.SIGKILL:
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    os._exit(os.waitstatus_to_exitcode(status))


def _enter_namespaces() -> None:
    """Enter a user namespace with mounts and IPC of its own; the next child is the first process of a new tree."""
    user, group = os.getuid(), os.getgid()
    _call("unshare", _NEW_USER | _NEW_MOUNTS | _NEW_IPC | _NEW_PIDS)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{_USER_INSIDE} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{_USER_INSIDE} {group} 1")


def _confine(folder: str, hidden: str) -> None:
    """Leave the files of the machine for a root folder with what the program may see, and give up all privileges."""
    root = f"{folder}/.root"
    Path(root).mkdir()
    _mount(None, "/", None, _RECURSIVE | _PRIVATE)
    _mount("tmpfs", root, "tmpfs", _NO_SET_ID | _NO_DEVICES, _MEMORY_FOR_FILES)
    _show_machine(root)
    if Path(root + hidden).is_dir():
        _mount("tmpfs", root + hidden, "tmpfs", _NO_SET_ID | _NO_DEVICES, _MEMORY_FOR_FILES)
    Path(root + folder).mkdir(parents=True, exist_ok=True)
    _mount(folder, root + folder, None, _BIND)
    Path(f"{root}/.old").mkdir()
    _call("pivot_root", root.encode(), f"{root}/.old".encode())
    os.chdir("/")
    _call("umount2", b"/.old", _DETACH)
    Path("/.old").rmdir()
    os.chdir(folder)
    Path(".root").rmdir()
    _control(_SET_NO_NEW_PRIVILEGES, 1)
    _drop_capabilities()


def _show_machine(root: str) -> None:
    for path in _visible_paths():
        _show(path, root)
    Path(f"{root}/dev").mkdir()
    for name in _DEVICES:
        Path(f"{root}/dev/{name}").touch()
        _mount(f"/dev/{name}", f"{root}/dev/{name}", None, _BIND)
    for name in ("tmp", "dev/shm"):
        Path(f"{root}/{name}").mkdir(exist_ok=True)
        Path(f"{root}/{name}").chmod(0o1777)
    Path(f"{root}/proc").mkdir()
    # Some containers do not allow it. Then programs have to do without.
    with contextlib.suppress(OSError):
        _mount("proc", f"{root}/proc", "proc", _NO_SET_ID | _NO_DEVICES | _NO_PROGRAMS)


def _visible_paths() -> Iterator[str]:
    """Yield the system's and Python's folders and files, each once, and none that is within another."""
    python = [sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix, *sys.path]
    python += os.environ.get("LD_LIBRARY_PATH", "").split(":")
    wanted = [*_SYSTEM, *(f"/etc/{name}" for name in _SETTINGS)]
    wanted += [path for one in python if one for path in (os.path.abspath(one), os.path.realpath(one))]
    shown: list[str] = []
    for path in sorted(filter(os.path.exists, wanted), key=len):
        if not any(path == other or path.startswith(f"{other}/") for other in shown):
            shown.append(path)
            yield path


def _show(path: str, root: str) -> None:
    target = Path(root + path)
    target.parent.mkdir(parents=True, exist_ok=True)
    if path in _SYSTEM and Path(path).is_symlink():
        target.symlink_to(Path(path).readlink())
        return
    target.mkdir(exist_ok=True) if Path(path).is_dir() else target.touch()
    _mount(path, str(target), None, _BIND | _RECURSIVE)
    _make_read_only(str(target))


def _make_read_only(path: str) -> None:
    class Attributes(ctypes.Structure):
        _fields_ = [(name, ctypes.c_uint64) for name in ("set", "clear", "propagation", "user_namespace")]

    attributes = Attributes(set=_READ_ONLY | _NO_SET_ID | _NO_DEVICES)
    size = ctypes.c_size_t(ctypes.sizeof(attributes))
    arguments = (ctypes.c_long(_MOUNT_SETATTR), _HERE, path.encode(), _WHOLE_TREE, ctypes.byref(attributes), size)
    _call("syscall", *arguments)


def _drop_capabilities() -> None:
    header = (ctypes.c_uint32 * 2)(_CAPABILITIES_VERSION, 0)
    none = (ctypes.c_uint32 * 6)()
    _call("capset", ctypes.byref(header), ctypes.byref(none))


def _mount(source: str | None, target: str, kind: str | None, flags: int, options: str | None = None) -> None:
    texts = [text.encode() if text is not None else None for text in (source, target, kind, options)]
    _call("mount", *texts[:3], ctypes.c_ulong(flags), texts[3])


def _control(option: int, value: int) -> None:
    _call("prctl", option, ctypes.c_ulong(value), ctypes.c_ulong(0), ctypes.c_ulong(0), ctypes.c_ulong(0))


def _call(name: str, *arguments: object) -> None:
    """Call a function of the C library; raise OSError if it fails."""
    if getattr(ctypes.CDLL(None, use_errno=True), name)(*arguments):
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


if __name__ == "__main__":
    run(sys.argv[1], sys.argv[2], lambda: None)
