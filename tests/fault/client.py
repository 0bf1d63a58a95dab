# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright the qfilecopy authors
"""client.py COMMAND...: what an rpc client does: pass the stream on to a receiver and its answer
back, and end with the receiver."""
import os
import subprocess
import sys
import threading


def pass_on(source, target):
    try:
        while data := os.read(source, 65536):
            while data:
                data = data[os.write(target, data):]
    except BrokenPipeError:
        pass
    os.close(target)


receiver = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
threading.Thread(target=pass_on, args=(0, receiver.stdin.fileno()), daemon=True).start()
pass_on(receiver.stdout.fileno(), 1)
os._exit(0)  # without waiting for more of the stream, which may not come
