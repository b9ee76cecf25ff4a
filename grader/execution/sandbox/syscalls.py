"""The system calls that nothing inside may make, as a seccomp program.

A list of what is refused, because numerical libraries, XLA and multiprocessing need most of the rest. Everything newer
than what was looked at does not exist: programs fall back from ENOSYS, and so they do from clone3, whose flags lie in
memory where a filter cannot see them.

Source: the kernel's own list of calls, read for what reaches other processes, mounts, namespaces, kernel memory or
hardware, or holds memory that no limit of ours counts.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from functools import cache

from seccompy import Action, CmpOp, Filter, bpf, syscall_nr

NEWEST = 462
"""mseal, of Linux 6.10. Above it also lie all calls of the x32 interface, which would slip by a list of numbers."""

REFUSED = (
    # other processes
    *("ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "kcmp", "pidfd_getfd", "move_pages"),
    *("migrate_pages", "sched_setaffinity", "sched_setattr"),  # ZeroMQ aborts without the older sched_setscheduler
    # mounts and namespaces
    *("mount", "umount2", "pivot_root", "chroot", "unshare", "setns", "open_tree", "move_mount", "fsopen", "fsconfig"),
    *("fsmount", "fspick", "mount_setattr", "statmount", "listmount", "mknod", "mknodat", "open_by_handle_at"),
    *("name_to_handle_at", "fanotify_init", "fanotify_mark", "quotactl", "quotactl_fd", "swapon", "swapoff", "acct"),
    # the kernel and the machine
    *("bpf", "perf_event_open", "userfaultfd", "io_uring_setup", "io_uring_enter", "io_uring_register", "keyctl"),
    *("add_key", "request_key", "kexec_load", "kexec_file_load", "init_module", "finit_module", "delete_module"),
    *("personality", "reboot", "settimeofday", "clock_settime", "clock_adjtime", "adjtimex", "sethostname"),
    *("setdomainname", "iopl", "ioperm", "modify_ldt", "syslog", "vhangup", "lookup_dcookie", "uselib", "ustat"),
    *("sysfs", "_sysctl", "nfsservctl", "uprobe", "uretprobe", "lsm_set_self_attr"),
    # memory that belongs to no process
    *("memfd_create", "memfd_secret", "shmget", "shmat", "shmctl", "shmdt", "semget", "semctl", "semop"),
    *("semtimedop", "msgget", "msgsnd", "msgrcv", "msgctl", "mq_open", "mq_unlink", "mq_timedsend"),
    *("mq_timedreceive", "mq_notify", "mq_getsetattr"),
)

_INT = 0xFFFFFFFF  # the kernel reads these arguments as 32 bits and ignores the rest, so a filter must too
_NEW_NAMESPACES = (0x80, 0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000)
_UNIX, _INET, _INET6, _NETLINK = 1, 2, 10, 16
_STREAM, _DATAGRAM, _KIND_MASK = 1, 2, 0xF
_TERMINAL_INPUT, _CONSOLE = 0x5412, 0x541C
_SET_ID_BITS = (0o4000, 0o2000)
_CREATE, _UNNAMED = 0o100, 0o20000000
_FAST_OPEN = 0x20000000


@cache
def program(*, namespaces: bool) -> bytes:
    """The filter, for ``bwrap --seccomp`` or ``prctl``.

    Args:
        namespaces: Whether the process has its own network and sees no process or file of the host. Without them more
            is refused: every connection, datagrams, limits of other processes, and changes of owner and mode, which
            Landlock does not govern, pretend to succeed.
    """
    rules = Filter(default=Action.ALLOW)
    for name in REFUSED:
        if _known(name):
            rules.errno(name, errno.EPERM)
    _refuse_namespaces(rules)
    _refuse_sockets(rules, datagrams=namespaces)
    for request in (_TERMINAL_INPUT, _CONSOLE):
        rules.errno("ioctl", errno.EPERM, args=[_equal(1, request)])
    _refuse_set_id(rules)
    rules.allow("setpriority", args=[_equal(0, 0), _equal(1, 0)])
    rules.errno("setpriority", errno.EPERM)
    if not namespaces:
        _refuse_the_host(rules)
    return _newer_do_not_exist() + bytes(rules.program)


def _newer_do_not_exist() -> bytes:
    instructions = [bpf.Load(0), bpf.Jump(bpf.BPF_JGT, NEWEST, None, "known"), bpf.Ret(Action.ERRNO | errno.ENOSYS)]
    return bytes(bpf.assemble(instructions, {"known": len(instructions)}))


def _refuse_namespaces(rules: Filter) -> None:
    rules.errno("clone3", errno.ENOSYS)
    for flag in _NEW_NAMESPACES[1:]:  # the first is a new clock, which clone itself reads as part of a signal's number
        rules.errno("clone", errno.EPERM, args=[(0, CmpOp.MASKED_EQ, flag, flag)])


def _refuse_sockets(rules: Filter, *, datagrams: bool) -> None:
    if not datagrams:
        for family in (_UNIX, _INET, _INET6):
            rules.errno("socket", errno.EPERM, args=[_equal(0, family), _kind(_DATAGRAM)])
        for family in (_INET, _INET6):
            for protocol in (0, 6):
                rules.allow("socket", args=[_equal(0, family), _kind(_STREAM), _equal(2, protocol)])
            rules.errno("socket", errno.EPERM, args=[_equal(0, family)])
        rules.errno("socketpair", errno.EPERM, args=[_kind(_DATAGRAM)])
    for family in (_UNIX, _INET, _INET6, _NETLINK):
        rules.allow("socket", args=[_equal(0, family)])
    rules.errno("socket", errno.EPERM)


def _refuse_set_id(rules: Filter) -> None:
    for name, argument in (("chmod", 1), ("fchmod", 1), ("fchmodat", 2), ("fchmodat2", 2), ("creat", 1)):
        for bit in _SET_ID_BITS:
            if _known(name):
                rules.errno(name, errno.EPERM, args=[(argument, CmpOp.MASKED_EQ, bit, bit)])
    for name, flags, mode in (("open", 1, 2), ("openat", 2, 3)):
        for making, bit in _pairs():
            if _known(name):
                made = (flags, CmpOp.MASKED_EQ, making, making)
                rules.errno(name, errno.EPERM, args=[made, (mode, CmpOp.MASKED_EQ, bit, bit)])
    rules.errno("openat2", errno.ENOSYS)  # its mode lies in memory; programs fall back to openat


def _refuse_the_host(rules: Filter) -> None:
    for name in ("connect", "truncate"):  # the session's message bus answers at a path, which Landlock lets through
        rules.errno(name, errno.EPERM)
    for name, argument in (("sendto", 3), ("sendmsg", 2), ("sendmmsg", 3)):
        rules.errno(name, errno.EPERM, args=[(argument, CmpOp.MASKED_EQ, _FAST_OPEN, _FAST_OPEN)])
    rules.allow("prlimit64", args=[_equal(0, 0)])
    rules.errno("prlimit64", errno.EPERM)
    for name in ("chmod", "fchmodat", "fchmodat2", "chown", "lchown", "fchownat", "utime", "utimes", "utimensat"):
        if _known(name):
            rules.errno(name, 0)
    for name in ("setxattr", "lsetxattr", "removexattr", "lremovexattr", "futimesat"):
        if _known(name):
            rules.errno(name, errno.EPERM)


def _pairs() -> Iterator[tuple[int, int]]:
    for making in (_CREATE, _UNNAMED):
        for bit in _SET_ID_BITS:
            yield making, bit


def _equal(index: int, value: int) -> tuple[int, int, int, int]:
    return (index, CmpOp.MASKED_EQ, value, _INT)


def _kind(kind: int) -> tuple[int, int, int, int]:
    return (1, CmpOp.MASKED_EQ, kind, _KIND_MASK)


def _known(name: str) -> bool:
    """Whether this processor's kernels have the call: arm64 never had the oldest ones."""
    try:
        syscall_nr(name)
    except ValueError:
        return False
    return True
