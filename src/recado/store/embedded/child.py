"""Become another program: in its own session, as an ordinary user, tied to the life of the process that started it.

Run by path, `python -I -S child.py PARENT UID GID DIRECTORY PROGRAM ARGUMENT…`, because only a process of its
own can do these steps safely after a fork.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main() -> None:
    parent, uid, gid, directory, *command = sys.argv[1:]
    os.setsid()
    os.chdir(directory)
    os.umask(0o077)
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(int(gid))
        os.setuid(int(uid))
    if sys.platform == "linux":
        # After the change of user, which clears it; the check is for a parent that died before this line.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGQUIT)
        if os.getppid() != int(parent):
            sys.exit(1)
    os.execv(command[0], command)


if __name__ == "__main__":
    main()
